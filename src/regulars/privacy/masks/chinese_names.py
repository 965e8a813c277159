"""Chinese personal names: a surname and one or two characters, where a word beside says that a name stands there."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.spans import Span

_COMPOUND_SURNAMES_TEXT: Final = (
    "欧阳 司马 上官 诸葛 司徒 慕容 令狐 皇甫 尉迟 长孙 宇文 公孙 夏侯 东方 轩辕 端木 百里 独孤 南宫 西门 呼延"
    " 闻人 澹台 公冶 宗政 濮阳 淳于 单于 太叔 申屠 仲孙 钟离 鲜于 闾丘 亓官 司寇 拓跋 第五 赫连"
)
COMPOUND_SURNAMES: Final = frozenset(_COMPOUND_SURNAMES_TEXT.split())
SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘"
    "杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷"
    "施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜肖詹关苗凌费"
    "纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米"
    "池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝"
    "巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗台巫鞠僧桑荆谌银扬明沙伏岑习胥保蔺逯佘宓糕琚郗缪鹿宣芮储嵇邴羿"
    "荣骆庾晁蒲暴阙步幸麻夔殴湛贲璩濮扈郏浦农尚鄂索逄赏谯哈亢缑爱阚"
)
"""The three hundred or so most frequent surnames."""

_HAN: Final = "\u4e00-\u9fff"
_GIVEN: Final = "[" + _HAN + "]"
_NAME: Final = (
    f"(?:(?:{'|'.join(sorted(COMPOUND_SURNAMES))}){_GIVEN}{{1,2}}|[{''.join(sorted(set(SURNAMES)))}]{_GIVEN}{{1,2}})"
)
_TITLES: Final = "先生|女士|小姐(?!姐)|太太|夫人|老师|经理|师傅|教授|博士|医生|律师|大夫|同志|阿姨|叔叔"
_SAYS: Final = (
    "表示|认为|指出|介绍|透露|坦言|告诉|解释|强调|回应|分析|称|说|则|也|还|就|对|在|和|与|的|是|等|向|从|为|已|曾|将|被"
)
_AFTER: Final = rf"(?=$|[^{_HAN}]|{_TITLES}|{_SAYS}|收|电话|手机|住|今年|来自|想|要|买|下单|身份证|地址)"
_LABELLED: Final = re.compile(
    r"(?:姓名|收件人|收货人|联系人|寄件人|签收人|户名|持卡人|开户人|开户名|收款人|投保人|名字叫|名字是|我叫|本名|名叫)"
    rf"\s?[:：是为]?\s?({_NAME}){_AFTER}"
)
_INTRODUCED: Final = re.compile(
    rf"(?:记者|通讯员|编辑|主持人|导演|演员|主任|总裁|董事长|总经理|总监|主席|局长|部长|市长|书记|律师|队长|主教练|分析师|创始人)"
    rf"[:：]?({_NAME})(?=$|[^{_HAN}]|{_TITLES}|表示|认为|指出|介绍|透露|坦言|告诉|解释|强调|回应|称|说)"
)
_TITLED: Final = re.compile(rf"({_NAME})(?=(?:{_TITLES}))")
_ADDRESSED: Final = re.compile(
    rf"(?:^|[ ,，;；:：。室号])({_NAME})(?=收(?:$|[^{_HAN}])|(?<!收)[ ,，:：]{{1,2}}(?:\+86|0086)?[ -]?1[3-9][0-9])",
    re.MULTILINE,
)
"""As on a parcel: 'name收', or a name and a mobile number."""
_WORDED: Final = (_LABELLED, _INTRODUCED)
_BESIDE: Final = (_TITLED, _ADDRESSED)
_COMMON: Final = frozenset(
    "级位是时候个的了等项目户国家同何都能些样种年月日号这那哪客您你我他她它们长班区市省县部门公司行业店员工品"
    "质量产销售管理任女男老大叫找问请给让被把跟和与及或但而因为所以如果就只还也又再很太最更不没有无非已经正在"
    "将要会可向从对到去来上下前后里外中间首院校技术各两主副总助身代监财美导教练谢师说数语物化体音历地生政法医"
    "护服熟士轻单成功装排配送收件胖瘦"
)
"""Characters that given names all but never hold: with one of them 'surname and title' is an ordinary phrase."""

_LITTLE_WORDS: Final = frozenset("的了吗呢是在有和我你您他她它个这那不没什么怎谁请")


def chinese_names(text: str) -> list[Span]:
    """Return names after a label ('收件人：') or an office, before a title ('先生') or a telephone, in order."""
    found = {m.span(1) for pattern in _WORDED for m in pattern.finditer(text) if _given(m[1], _LITTLE_WORDS)}
    found |= {m.span(1) for pattern in _BESIDE for m in pattern.finditer(text) if _given(m[1], _COMMON)}
    spans: list[Span] = []
    for start, end in sorted(found):
        if not (spans and start < spans[-1].end):
            spans.append(Span(start, end, "name"))
    return spans


def _given(name: str, refused: frozenset[str]) -> bool:
    given = name[2:] if name[:2] in COMPOUND_SURNAMES else name[1:]
    return bool(given) and refused.isdisjoint(given)
