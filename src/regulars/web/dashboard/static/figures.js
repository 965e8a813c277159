/* global Plotly */
const MONTHS = ["1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"];
const DAYS = ["日", "一", "二", "三", "四", "五", "六"];
const CHINESE = {
  moduleType: "locale",
  name: "zh-CN",
  dictionary: {
    "source:": "来自:", "target:": "去往:", "incoming flow count:": "流入数:", "outgoing flow count:": "流出数:",
    "Double-click to zoom back out": "双击可缩小还原", "Double-click on legend to isolate one trace": "双击图例可只看一条",
  },
  format: {
    days: DAYS.map((day) => `星期${day}`), shortDays: DAYS.map((day) => `周${day}`),
    months: MONTHS, shortMonths: MONTHS, date: "%Y-%m-%d",
    year: "%Y年", month: "%Y年%b", dayMonth: "%b%-d日", dayMonthYear: "%Y年%b%-d日",
  },
};
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Draw every figure, and again when the system changes between light and dark. */
export async function drawFigures(places) {
  if (!places.length) return;
  await loadPlotly();
  const lazy = [...places].filter((place) => "lazy" in place.dataset);
  const drawn = new Set([...places].filter((place) => !("lazy" in place.dataset)));
  const all = () => Promise.all([...drawn].map(draw));
  dark.addEventListener("change", () => document.documentElement.dataset.theme === "system" && all());
  await all();
  const seen = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
      seen.unobserve(target);
      drawn.add(target);
      draw(target);
    }
  }, { rootMargin: "200px" });
  lazy.forEach((place) => seen.observe(place));
  document.documentElement.dataset.figures = "drawn";
}

/** The drawing library is large: the page is there first, with its numbers and tables. */
async function loadPlotly() {
  if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
  await new Promise((done) => {
    const script = document.createElement("script");
    script.src = document.documentElement.dataset.plotly;
    script.onload = script.onerror = done;
    document.head.append(script);
  });
  globalThis.Plotly?.register(CHINESE);
}

async function draw(place) {
  try {
    const answer = await fetch(figureAddress(place.dataset.figure));
    if (!answer.ok) throw new Error(`${answer.status}`);
    const { data, layout } = await answer.json();
    if (place.closest(".small")) data.forEach((trace) => { if (trace.type === "heatmap") trace.showscale = false; });
    await Plotly.react(place, data, compact(layout, data, place), {
      displayModeBar: false, responsive: true, locale: document.documentElement.lang,
      staticPlot: place.closest(".small") !== null,
    });
  } catch {
    place.classList.add("failed");
    place.textContent = place.dataset.failed;
  }
}

function figureAddress(path) {
  const { lang, dataset } = document.documentElement;
  const theme = dataset.theme === "system" ? (dark.matches ? "dark" : "light") : dataset.theme;
  const [address, asked] = path.split("?");
  const query = new URLSearchParams(asked);
  for (const [name, value] of Object.entries({ as: "figure", lang: lang.slice(0, 2), theme })) query.set(name, value);
  return `${address}?${query}`;
}

/** The card's heading is the title; what is left gets the room. */
function compact(layout, data, place) {
  const style = getComputedStyle(document.body);
  const small = place.closest(".small") !== null;
  const named = data.filter((trace) => trace.showlegend !== false).length;
  return {
    ...layout,
    title: { text: "" },
    autosize: true,
    font: { ...layout.font, family: style.fontFamily, size: 12 },
    margin: { l: 8, r: 8, t: named > 1 ? 28 : 12, b: 8 },
    showlegend: named > 1 && !small,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 } },
    hoverlabel: { bgcolor: panelColour(), bordercolor: "rgba(128,128,128,.4)", font: { color: style.color } },
    bargap: 0.25,
    xaxis: { ...layout.xaxis, automargin: true, title: axisTitle(layout.xaxis, small) },
    yaxis: { ...layout.yaxis, automargin: true, title: axisTitle(layout.yaxis, small) },
  };
}

/** A small plot has no room for the names of its axes: its card says what it shows. */
function axisTitle(axis, small) {
  return { text: small ? "" : axis?.title?.text, font: { size: 12 } };
}

function panelColour() {
  return getComputedStyle(document.querySelector(".panel")).backgroundColor;
}
