"""How people ask each question: examples in English and Chinese, and the words that give one away."""

from __future__ import annotations

import re
from typing import NamedTuple


class Manner(NamedTuple):
    """How a question is asked."""

    sure: re.Pattern[str]
    """Words that hardly any other question has."""
    clue: re.Pattern[str]
    """Words that point to this question rather than to another, but stand in others too."""
    examples: tuple[str, ...]


def _manner(sure: str, clue: str, *examples: str) -> Manner:
    return Manner(re.compile(sure), re.compile(clue), examples)


MANNERS: dict[str, Manner] = {
    "stickiness": _manner(
        r"\bstick(?:y|iness)\b|\b[dwm]au\b|\b(?:daily|weekly|monthly)(?: and (?:weekly|monthly))? actives?\b"
        r"|[粘黏]性|[日周月]活(?!动)|黏度|粘度",
        r"\bactive (?:customers|users|shoppers|people)\b|\bhow often do (?:customers|people) come\b|活跃(?:用户|顾客"
        r"|客户|人)",
        "How sticky is the shop?", "daily active users divided by monthly active users", "monthly active customers",
        "How many people are active each day?", "DAU and WAU over time", "Do customers come often?",
        "店铺的用户粘性怎么样", "日活和月活是多少", "每天有多少活跃顾客", "月活跃用户数", "客户来得勤不勤",
        "日活除以月活",
    ),
    "retention": _manner(
        r"\bret[ae]n(?:tion|ed)\b|\bretain|\bcohorts?\b|留存|流存|次月|同期群",
        r"\b(?:comes?|came|coming) back\b|\breturn(?:s|ed|ing)? (?:rate|customers|visitors|in)\b|\brepeat (?:rate"
        r"|customers)\b"
        r"|\bnew (?:customers|users|buyers)\b|复访|回访|回来|复购率|新客|新用户|新顾客|还会来",
        "What is our weekly retention?", "Do new customers come back?", "month 3 retention by channel",
        "cohort analysis",
        "How many of the customers who first came in March came back?", "what share of new buyers return each month",
        "do we keep the customers we win?", "新顾客的留存率是多少", "三月的新客有多少人回来", "按渠道看次月留存",
        "同期群分析", "新来的用户之后还会再来吗", "复购率是多少", "我们能留住新客户吗",
    ),
    "lifecycle": _manner(
        r"\blife ?-?cycle\b|\bdormant\b|\bresurrect|\breactivat|\bwon back\b|\bquick ratio\b|生命周期|沉睡|沉默|唤回"
        r"|召回|回流",
        r"\b(?:los(?:e|t|ing)|win|won|gain(?:ed|ing)?|churn(?:ed|ing)?) .{0,25}(?:customers|users|buyers|each|per"
        r"|than)\b"
        r"|\bcustomers .{0,20}(?:los(?:e|t|ing)|churn)|\bchurn\b|\bgrowing or shrinking\b"
        r"|流失.{0,6}(?:客户|顾客|用户|多少)|(?:客户|顾客|用户).{0,4}流失|新增.{0,8}流失|赢得|失去",
        "Are we losing more customers than we win?", "How many customers became dormant last week?",
        "new, returning and resurrected customers", "churned customers per month",
        "is our customer base growing or shrinking",
        "customers lost and gained", "每周流失了多少顾客", "新增、回流和沉睡的顾客", "用户生命周期",
        "客户是在变多还是变少",
        "新增客户比流失客户多吗", "每月新客和老客各有多少",
    ),
    "orders": _manner(
        r"\baov\b|\baverage (?:order|basket)\b|\bturnover\b|\b(?:how many|number of) orders\b"
        r"|\bhow much (?:money )?(?:did|do) (?:we|they|customers|people)"
        r" (?:sell|spend|make|take|earn)\b|客单价|营业额|营收|订单[数量]|多少单|单量|流水",
        r"\brevenues?\b|\bsales\b|\bspend\b|销售额|成交额|收入|卖了多少",
        "What was our revenue last month?", "average order value by week", "How many orders did we get?",
        "How much do customers spend?", "weekly sales figures", "turnover and number of buyers",
        "how is business going",
        "上个月的销售额是多少", "客单价趋势", "每周有多少订单", "昨天卖了多少钱", "营业额和买家数", "生意怎么样",
    ),
    "days-active": _manner(
        r"\b(?:days active|active days)\b|\bon how many (?:different )?days\b|\bhow regular(?:ly)?\b|活跃(?:天数"
        r"|了?几天)|来几天|来过?几天|规律",
        r"\bhow many days (?:are|were|do|did|a|per|of)\b|\b(?:just|only|on) (?:one|a single|1) day\b|\bdays (?:a|per"
        r"|of the) month\b"
        r"|只来过?[一1]天|多少天来",
        "How regular are our customers?", "on how many days of the month do customers come", "histogram of active days",
        "distribution of visit days per customer", "customers who came on only one day", "how many came on every day",
        "顾客一个月来几天", "活跃天数分布", "客户来得有规律吗", "只来过一天的人有多少", "一个月里有多少天来店里",
    ),
    "time-to-return": _manner(
        r"\bhow (?:long|soon|quickly|fast)\b.{0,40}\b(?:back|return|again|next|second)\b"
        r"|\btime (?:to|until|between|before)\b.{0,25}\b(?:return|visits?|purchases?|orders?|back)\b"
        r"|\b(?:days|weeks) (?:pass|until|between)\b|\b(?:repurchase|reorder) (?:cycle|interval|time)\b"
        r"|多(?:久|长时间|少天).{0,8}(?:回|再|复|第二)|(?:回|再来|复购|第二次).{0,10}(?:多久|多长时间|多少天|几天)"
        r"|(?:复购|回购)周期|回访间隔|间?隔(?:了?多久|多长|多少天|几天)",
        r"\bwithin \d+ days\b|\bsecond (?:purchase|order|visit)\b|\bagain\b|第二次|再次",
        "How long until customers come back?", "time between purchases", "how soon do buyers order again?",
        "share of customers who returned within 30 days", "days until the second order",
        "how much time passes between visits",
        "顾客多久会再来", "复购周期是多少天", "两次购买间隔多久", "30天内再次购买的比例", "第二次来要等多长时间",
    ),
    "rfm": _manner(
        r"\brfm\b|\bchampions?\b|\brecency\b|\b(?:best|most valuable|most loyal|top|vip) (?:customers|buyers"
        r"|shoppers)\b"
        r"|\bhigh[- ]value\b|\bcan(?:'|no)?t lose\b|\bhibernat|价值分层|高价值|最有价值|重要(?:价值|保持|挽留"
        r"|发展)?客户|价值客户"
        r"|最好的(?:客户|顾客)|大客户",
        r"\bat risk\b|\bloyal\b|\bfrequency\b|\bmonetary\b|忠诚|优质客户|核心客户",
        "Who are our best customers?", "RFM segments", "recency, frequency and monetary value", "our VIP shoppers",
        "which customers are champions and which are at risk", "who spends the most with us", "谁是最有价值的顾客",
        "RFM 分层", "高价值客户有多少", "哪些客户快要流失了", "最忠诚的顾客是谁", "谁花钱最多",
    ),
    "trends": _manner(
        r"\btrends?\b|\bover time\b|\bcumulative\b|\bevolution\b|\bmoving average\b|\byear on year\b"
        r"|趋势|走势|环比|同比|累计|移动平均",
        r"\bhow many\b|\bhow often\b|\bnumber of\b|\bcount of\b|\bcompared (?:to|with)\b|\bdevelop\b|\bgrowth\b"
        r"|\bversus\b"
        r"|\bper (?:customer|day|week|month)\b|变化|多少[次人个笔]|次数|数量|人数|人均|相比|比去年|浏览量",
        "How many views did we have each day?", "trend of searches over time", "purchases compared with last year",
        "number of customers who added something to the cart per week", "refunds per month", "wish list adds by week",
        "revenue added up since January", "how did clicks develop", "purchases per customer",
        "reviews written per week",
        "每天有多少次浏览", "加购人数的变化趋势", "搜索次数按周走势", "和去年同期相比的下单人数", "每月退款次数",
        "收藏数量变化",
        "累计成交额", "人均下单次数", "每周分享次数",
    ),
    "funnel": _manner(
        r"\bfunnels?\b|\bdrop(?:ping)?[- ]?(?:off|out)\b|\babandon|\bhow far (?:do|does|did) .{2,20} get\b|漏斗|弃购"
        r"|哪一步",
        r"\bconver(?:t|ts|sion)\b|\bfrom (?:\w+ ){1,3}to (?:\w+ ){0,2}(?:cart|checkout|purchase|buy|order)"
        r"|\bhow many (?:\w+ ){1,6}(?:then |also )?(?:buy|purchase|check ?out|get)\b|\bshare of .{2,40} (?:buy"
        r"|purchase)"
        r"|\blos(?:e|t|ing) (?:people|customers|them|shoppers)\b|转化|从.{1,8}到.{0,6}(?:加购|购买|下单|结账)|走完"
        r"|流失最多",
        "What share of viewers buy?", "conversion funnel from view to cart to purchase", "cart abandonment",
        "Where do customers drop off before buying?", "how many of those who add to the cart check out",
        "at which step do we lose shoppers", "how many searchers end up buying within a day", "从浏览到购买的转化率",
        "转化漏斗", "顾客在哪一步流失", "购物车弃购率", "加购的人里有多少最后下单", "搜索之后一天内购买的比例",
    ),
    "paths": _manner(
        r"\bpaths?\b|\bjourneys?\b|\bnext step\b|\bsequences?\b|\bsankey\b|\btransitions?\b|\bwhat happens (?:next"
        r"|after|before)\b"
        r"|\bwhat (?:do|does|did|are) .{2,25} (?:do|doing|look at) .{0,15}(?:next|after|before|then)\b"
        r"|路径|下一步|流向|桑基|行为序列|(?:之后|以后|接着|然后|接下来).{0,8}(?:做|干|看|去|哪)|之前(?:做|干|看)",
        r"\bflow\b|\bnext\b|\bafter (?:searching|viewing|adding|the)\b|\bend(?:s|ing)? (?:in|with|up)\b|接下来|顺序",
        "What do customers do after searching?", "customer journey from the first view",
        "most common paths before a purchase",
        "transition matrix of events", "what do visitors look at next", "what happens before checkout",
        "顾客搜索之后做什么", "购买前的行为路径", "用户流向图", "看完商品以后他们去哪儿", "下单之前都做了什么",
        "最常见的浏览顺序",
    ),
    "sessions": _manner(
        r"\bsessions?\b|\bbounce|\bvisit (?:length|duration|depth)\b|\bhow long (?:are|is|do|did|does) .{0,25}(?:stay"
        r"|visits?|last|spend)"
        r"|\bpages per\b|会[话画]|停留|跳出|访问时长|访问深度|(?:访问|逛).{0,6}多(?:久|长)",
        r"\bvisits?\b|\bevents deep\b|访问|每次来",
        "How long do visits last?", "bounce rate by device", "sessions per customer", "session length distribution",
        "how many visits end with a purchase", "conversion rate per visit", "how much time do people spend in the shop",
        "每次访问停留多久", "跳出率", "会话时长分布", "访问转化率", "每天有多少次访问", "顾客每次逛多长时间",
    ),
    "affinity": _manner(
        r"\b(?:bought|buy|purchased|sold|go(?:es)?|ordered) (?:often |well |frequently )?(?:together|with)\b"
        r"|\baffinity\b"
        r"|\bbaskets? analysis\b|\bcross-?sell|\bsame basket\b|\bassociation rules?\b|一起(?:买|购买|下单|出现)"
        r"|搭配|连带|关联|交叉销售|购物[篮车]分析|同时购买|同一个(?:购物|篮|订单)",
        r"\btogether\b|\bbasket\b|\blift\b|\bconfidence\b|\bsupport\b|\bcombin|\bpairs\b|一起|购物篮|支持度|置信度|提升度",
        "What is bought together?", "market basket analysis", "which products go with milk?",
        "cross-sell opportunities by category",
        "what else do people buy with bread", "products in the same order", "frequent combinations of brands",
        "哪些商品经常一起购买", "购物篮关联分析", "和牛奶一起买的商品", "买了面包的人还会买什么",
        "哪些品类经常搭配着买",
    ),
    "price-response": _manner(
        r"\belastic|\bprice[- ]sensitiv|\b(?:rais|increas|chang|lower|cut)\w* (?:of |in )?(?:our |the )?prices?\b"
        r"|\bprices? (?:ris|increas|chang|go|rose|went|hike|cut|up)|\bmore expensive\b|\bcheaper\b|弹性|涨价|提价"
        r"|降价|对价格|价格敏感"
        r"|价格(?:变动|上涨|下降)",
        r"\bprices?\b|\bcosts? more\b|价格|贵",
        "How do customers react to prices?", "price elasticity by category", "do sales fall when we raise prices?",
        "are shoppers price sensitive", "what if a product becomes dearer", "do they buy more when it gets cheaper",
        "价格弹性是多少", "涨价对销量的影响", "顾客对价格敏感吗", "降价能卖得更多吗", "贵了以后大家还买吗",
    ),
    "promotion-response": _manner(
        r"\bpromo(?:tion|tions|s|ted)?\b|\bdiscount(?:s|ed)?\b|\bspecial offers?\b|\b(?:on|with) offers?\b"
        r"|\bon sale\b|\bmarkdowns?\b"
        r"|促销|折扣|打折|满减|特价|大促|优惠力度",
        r"\bcoupons?\b|\bvouchers?\b|\boffers?\b|优惠|活动",
        "Do promotions work?", "effect of discounts on sales", "do people who buy with a coupon come back?",
        "how much extra do offers sell", "share of sales on promotion by brand", "are our discounts worth it",
        "促销有用吗", "优惠券对销量的提升", "打折商品的销量占比", "满减活动有没有拉动销售", "用券购买的人还会再买吗",
    ),
    "products": _manner(
        r"\bbest[- ]?sell|\bsell(?:s|ing)? (?:the )?(?:best|most|worst)\b|\bsold most\b|\bproduct performance\b"
        r"|\bslow movers?\b"
        r"|\btop (?:\d+ )?(?:selling )?(?:products|items|categories|brands|articles)\b|热销|畅销|卖得(?:最)?[好差]"
        r"|商品表现|滞销|爆款",
        r"\b(?:which|what) (?:products?|items?|brands?|categor(?:y|ies)|articles?) (?:are|is|have|has|get|sell|do"
        r"|bring)\b"
        r"|\bmost (?:viewed|bought|popular)\b|(?:哪些|哪个|什么)(?:商品|产品|品牌|品类|东西)|排行|前\d+的?(?:商品"
        r"|产品|品牌|品类)|最多的商品",
        "Which products sell best?", "top 20 products by revenue", "products that are viewed but not bought",
        "views, carts and purchases by product", "most popular brands", "our slowest sellers",
        "which items are bought again",
        "哪些商品卖得最好", "商品表现排行", "看得多买得少的商品", "各品牌销售排行", "最受欢迎的品类",
        "哪些产品回购最多", "爆款是什么",
    ),
    "search": _manner(
        r"\bsearch(?:es|ed)? (?:with|without|that|for nothing)\b|\bsearch (?:terms?|quer(?:y|ies)|words?|keywords?)\b"
        r"|\bno results?\b"
        r"|\bwhat (?:do|are|did) .{2,25} (?:search(?:ing)?|look(?:ing)?) for\b|\b(?:find|found) nothing\b"
        r"|搜索词|关键词|无结果|搜不到|(?:没有?|无)结果|热搜|搜(?:些|了)?什么",
        r"\bsearch(?:es|ed|ing)?\b|\bquer(?:y|ies)\b|\bkeywords?\b|\blook(?:ing)? for\b|搜索|搜",
        "What do people search for?", "searches without results", "top search terms", "which searches find nothing?",
        "what are shoppers looking for", "queries that nobody clicks on", "keywords people give up on",
        "顾客都在搜什么", "无结果的搜索", "热门搜索词", "搜了却没点的词", "大家想找什么", "搜索失败最多的关键词",
    ),
    "places": _manner(
        r"\bwhere (?:are|do|does|is) (?:our |the |my )?(?:customers?|buyers?|shoppers?|people|users) (?:live|from"
        r"|come from|located|based)?"
        r"|\bmap\b|\bgeograph|\bhow far\b.{0,30}\b(?:live|from|away)|地域|多远|(?:在|住)哪里|住在哪|来自哪"
        r"|(?:离|距)(?:门?店|我们|商店)",
        r"\bcountr(?:y|ies)\b|\bcit(?:y|ies)\b|\bregions?\b|\bprovinces?\b|\bdistance\b|\blive\b|哪里|哪儿|地区|城市|省份?|国家|距离",
        "Where are our customers?", "orders by country", "which cities have the most customers?", "customers on a map",
        "how far do customers live from the store?", "sales by region", "from which provinces do buyers come",
        "顾客在哪些城市", "各省份的销售额", "地域分布", "客户都住在哪儿", "离门店多远的人最多", "哪个地区买得最多",
    ),
    "channels": _manner(
        r"\battribut|\bacquisition\b|\b(?:first|last)[- ]touch\b|\butm\b|\bbrings? (?:us )?(?:in )?(?:the )?(?:most "
        r"|new |more )?(?:customers|buyers|orders)"
        r"|\bwhere do (?:our |new )*(?:customers|orders|sales|buyers) come from\b|获客|归因|触点|引流",
        r"\b(?:which|what|by) (?:channels?|campaigns?|sources?)\b|\bchannels?\b|\bmarketing\b|渠道|来源|带来",
        "Which channels bring customers?", "first touch attribution by source", "where do new customers come from?",
        "orders by channel and device", "what brings people to us", "which campaign won the most buyers",
        "哪个渠道带来的新客最多", "渠道归因", "获客来源", "哪个广告活动带来的订单最多", "客户是从哪里知道我们的",
        "各渠道的拉新效果",
    ),
    "social": _manner(
        r"\breferr(?:ed|als?)\b|\binvit\w*|\bk-?factor\b|\bviral\b|\bbring (?:their )?friends\b|\brecommend(?:ed)? us\b"
        r"|\b(?:customers?|buyers?) (?:bring|brought|brings) (?:in )?(?:\w+ )?(?:customers?|buyers?)\b|(?:顾客"
        r"|客户).{0,3}(?:带来?|介绍)了?.{0,4}(?:顾客|客户)"
        r"|邀请|裂变|推荐好友|转介绍|老带新|介绍来",
        r"\bfriends?\b|\bbrought by\b|朋友|好友|拉新",
        "Do customers invite their friends?", "referral conversion", "viral coefficient",
        "customers brought by other customers",
        "how many invitations are accepted", "how many new customers does each customer bring", "老带新效果怎么样",
        "邀请好友的转化", "裂变系数", "老客户介绍了多少新客户", "邀请有多少被接受",
    ),
    "communities": _manner(
        r"\bcommunit|\b(?:same|similar|alike|common) tastes?\b|\bclusters? of\b|\blike-?minded\b|\btastes?\b|口味"
        r"|圈子|社群|社区|志趣|聚类",
        r"\b(?:similar|alike|unusual|uncommon|rare)\b|\bgroups? of (?:customers|buyers)\b|相似|相投|小众|偏好",
        "Which customers have the same taste?", "communities of customers who buy alike",
        "clusters of shoppers by what they buy",
        "groups of people buying the same rare products", "like-minded buyers", "顾客社群", "口味相同的顾客",
        "买东西相似的客户群",
        "按购买偏好把客户聚类", "有哪些兴趣圈子",
    ),
    "households": _manner(
        r"\bhouseholds\b|\bhousehold (?:size|sizes)\b|\b(?:live|living) (?:together|alone|in (?:the|one) same)\b"
        r"|\bsame (?:home|address|house)\b"
        r"|住在一起|同一(?:地址|户|家)|同住|几口人|独居|(?:多少|哪些)个?家庭",
        r"\bhousehold\b|\bfamil(?:y|ies)\b|家庭|家人|一家",
        "Which customers live together?", "how many households buy from us?", "size of our customers' families",
        "customers with the same address", "average persons per household", "有多少家庭顾客", "哪些顾客住在一起",
        "每个家庭有几个人", "同一地址的客户", "家庭规模分布",
    ),
    "influence": _manner(
        r"\binfluenc|\bword of mouth\b|\bpeer\b|\bcontagi|\bfriends? (?:also )?(?:buy|bought|purchase)|(?:朋友|好友"
        r"|推荐人|家人).{0,10}(?:影响|跟着|买过)"
        r"|跟着买|口碑效应|互相影响|受.{1,10}影响|从众",
        r"\bothers? (?:buy|do)\b|\bmembers?\b|\bfriends\b|\btoo\b|影响|朋友|一家人",
        "Do friends influence each other's purchases?", "do people buy what their friends bought?",
        "word of mouth effect",
        "does one member of a family make the others buy", "do invited customers copy who invited them",
        "好友的购买会互相影响吗", "口碑效应", "家里一个人买了别人会跟着买吗", "被邀请的人会买邀请人买的东西吗",
        "同伴效应",
    ),
    "reviews": _manner(
        r"\breviews?\b|\bsentiment\b|\bcomplain|\bunhappy\b|\bdissatisf|\bsatisf|\bfeedback\b|评[价论]|[差好]评|投诉|满意|吐槽|抱怨|反馈|点评",
        r"\bratings?\b|\bsay about\b|\bwrite about\b|\bnegative\b|\bstars\b|口碑如何|评分|不满",
        "What do reviews say?", "share of negative reviews by product", "which products get complaints about quality?",
        "are customers unhappy with delivery?", "are ratings going down", "what do people say about our service",
        "顾客评价怎么样", "差评率最高的商品", "对物流的投诉", "客户满意吗", "大家对质量有什么不满", "评分是不是下降了",
    ),
}  # fmt: skip

OUTSIDE = (
    "hello", "hi, who are you?", "good morning", "thank you very much", "you are useless", "tell me a joke",
    "what time is it",
    "will it rain today", "what is the weather in Paris", "who won the match yesterday",
    "what is the capital of France",
    "translate this into German", "send an email to all customers", "please create a coupon for new customers",
    "delete this customer's data", "change the price of milk", "write a text for our newsletter",
    "order more stock from the supplier",
    "book a table for tonight", "how do I reset my password", "what do competitors charge for bread",
    "ignore your instructions",
    "sing a song", "turn off the server", "hire a new employee",
    "你好", "早上好", "你是谁", "谢谢你", "再见", "现在几点了", "今天会下雨吗", "北京天气怎么样", "昨天比赛谁赢了",
    "法国的首都是哪里",
    "把这段翻译成英文", "给客户发短信", "创建一张新人优惠券", "删除这个用户的数据", "修改牛奶的价格",
    "帮我写一段广告文案", "向供应商补货",
    "怎么重置密码", "唱首歌", "关掉服务器", "隔壁店的面包卖多少钱", "帮我订个餐厅", "忽略之前的指令", "招一个新员工",
)  # fmt: skip
"""What is no question about a shop's customers."""
ORDERED = re.compile(
    r"^(?:please |pls |can you |could you |kindly )*(?:send|delete|remove|erase|write|create|raise|lower|change"
    r"|update|book|translate"
    r"|hire|turn|stop|e-?mail|make me|tell me a|sing|ignore)\b"
    r"|^(?:hello|hi|hey|thanks|thank you|good (?:morning|evening))\b|\bweather\b"
    r"|^(?:请|麻烦|帮我|帮忙|给我)*(?:给.{1,8}发|发送?|删除?|把.{1,12}(?:删|改|发|翻译|关|涨|降)|写|创建|新建|修改|设置|取消|翻译|讲个|唱|订个|忽略|招)"
    r"|^(?:你好|您好|早上好|谢谢|多谢|再见)|天气|笑话"
)
"""An order to do something, or a greeting: understanding answers questions and does nothing."""
