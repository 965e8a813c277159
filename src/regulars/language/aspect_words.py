"""The words by which a clause is known to speak of an aspect: our own lists, written for shops.

Regular expressions, parted by spaces; `_` stands for a space inside one.

`quality` is the thing itself (how it is made, works, tastes, fits, looks), `price` what it costs and whether it is
worth it, `delivery` the way to the customer with its packaging, `service` the people before and after the sale.
"""

from __future__ import annotations

from typing import Literal, get_args

Aspect = Literal["quality", "price", "delivery", "service", "other"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)

CHINESE: dict[Aspect, str] = {
    "quality": r"""
        质量 品质 做工 材质 材料 面料 布料 料子 质感 手感 工艺 味道 气味 口感 口味 香味 异味 难闻 好闻 刺鼻 臭 新鲜
        好吃 难吃 好喝 难喝 甜 酸 脆 水分 多汁 个头 大小 坏了 坏的 坏果 烂 腐 霉 虫 碰伤 黑斑 磕碰 假货 假的 正品
        真品 真货 真假 仿冒 冒牌 山寨 盗版 正版 次品 残次 瑕疵 翻新 二手 印刷 纸张 纸质 装订 错字 内容 文笔 翻译 情节
        故事 作者 写得 写的 屏幕 屏 电池 续航 耗电 充电 电量 系统 卡顿 很卡 太卡 死机 黑屏 花屏 重启 闪退 性能 配置
        运行 反应 流畅 速度慢 像素 拍照 摄像 信号 音质 声音 噪音 噪声 散热 发热 发烫 烫手 键盘 触摸 触屏 按键 做功 硬盘
        内存 驱动 接口 外观 外形 样式 款式 漂亮 好看 难看 美观 颜色 色差 掉色 褪色 染色 起球 线头 开线 掉毛 缩水 变形
        尺码 尺寸 码数 偏大 偏小 太大 太小 有点大 有点小 大了 小了 合身 合适 合脚 舒服 舒适 透气 保暖 厚 薄 版型 修身
        显瘦 效果 好用 难用 不好用 耐用 去屑 头皮 掉发 掉头发 脱发 止痒 柔顺 干涩 清爽 出油 泡沫 洗完 洗后 稀 功能 故障
        漏水 漏电 加热 出水 用不了 不能用 开不了 房间 设施 设备 卫生 干净 整洁 脏 隔音 床 早餐 装修 陈旧 破旧 位置 交通
        环境 生产日期 保质期 过期 日期 质地 实用 容量 分量 重量 很轻 太重 实物 描述 图片 相符 不符 物美 网络 网速 上网
        分辨率 破了 破洞 斑点 很旧 太旧 旧的 设计 卡的 卡爆 卡死 光驱 无聊 难懂 很丑 好丑 太丑 有毒 致癌 翘 断了 裂
        不准 很小 很大 又大 又小 肥皂 褪 痒 没效
    """,
    "price": r"""
        价格 价钱 价位 价廉 低价 高价 差价 原价 特价 房价 定价 售价 半价 好价 比价 保价 涨价 降价 降了 减价 便宜 实惠
        划算 合算 性价比 优惠 打折 折扣 折后 促销 满减 优惠券 红包 秒杀 团购 超值 不值 物有所值 物超所值 值这个 值得这个
        这个价 这价 (?<![珍名宝富华尊])贵(?![宾公司店州方重族人阳]) 花钱 省钱 浪费钱 坑钱 块钱 [0-9]元
        [0-9]块 元钱 多元 块多 费用 收费 成本 赠品 差额 贵了
    """,
    "delivery": r"""
        快递 物流 发货 送货 配送 到货 送达 送到 运送 运输 运费 邮费 包邮 邮寄 寄来 寄过来 寄到 派送 派件 签收 取件 自提
        次日达 当天到 当天就到 第二天就到 隔天 第二天到 几天才到 天就到 天才到 天到 收到货 收货快 到的快 到得快 很快就到
        很快到 顺丰 圆通 中通 申通 韵达 邮政 京东快 包装 外包装 盒子 箱子 漏了 洒 泄漏 漏液 压坏 破损 挤压 外箱 未收到
        没收到 少发 漏发 错发 发错 缺货 缺件 还没到 没有到 刚到 收货 没送 送来 快递员 配送员 小哥 发的货
        速度(?:很|真|超|非常|特别)?快.{0,6}(?:到|送)
    """,
    "service": r"""
        客服 服务 态度 售后 卖家 店家 店主 商家 掌柜 老板 店铺 退货 退款 退换 换货 退掉 要求退 给退 不给退 不退 包退
        前台 服务员 服务生 员工 工作人员 师傅 回复 回应 不理 没人理 处理 解决 投诉 赔偿 补偿 理赔 保修 维修 返修 检测
        发票 解释 推脱 推卸 敷衍 耐心 热情 不负责 负责任 联系.{0,4}京东 打.{0,3}电话 欺骗 骗人 骗子 忽悠 欺诈
        霸王 诚信 不让退 不能退 不支持退 没给 不给
    """,
}
ENGLISH: dict[Aspect, str] = {
    "quality": r"""
        quality made build material fabric cloth leather plastic metal stitch(?:ed|ing) seams? fits? fitted sizes?
        sizing small large big tight loose colou?rs? fad(?:e|ed|es|ing) shrank shrunk smells? taste[sd]? tasty
        delicious fresh stale rotten flavou?r broke(?:n)? breaks? crack(?:ed|s)? defect(?:ive|s)? fault(?:y)?
        f[ae]ll(?:s|ing)?_apart torn tore rip(?:ped|s)? durable sturdy flimsy solid fake counterfeit genuine
        original authentic works? worked working stopped screen battery sound picture image display camera lens
        keyboard buttons? software design looks? looked beautiful pretty ugly comfortable comfy soft scratchy heavy
        light(?:weight)? features? easy performance performs noisy quiet texture leak(?:s|ed|ing)? scratch(?:ed|es)?
        stain(?:ed|s)? zip(?:per)?
    """,
    "price": r"""
        prices? priced pricey costs? costly cheap(?:er|est)? expensive affordable value bargain deal money worth
        overpriced discounts? sale dollars? bucks pounds? euros? budget rip-?off [$£€]_?[0-9]+
    """,
    "delivery": r"""
        deliver(?:y|ed|s|ing|ies)? shipping shipped ship shipment arriv(?:e|ed|es|al) courier post(?:age|man)?
        dispatch(?:ed)? parcel package packages packaged packaging packing box(?:ed)? tracking late delayed? transit
        on_time came_(?:quickly|fast|early)
    """,
    "service": r"""
        services? support staff seller vendor store shop assistant representative reps? helpful unhelpful rude
        polite friendly respon(?:d|ded|se|sive|ds) repl(?:y|ied|ies) e?-?mail(?:ed)? refund(?:ed|s)? returns?
        returned returning replace(?:d|ment)? exchange(?:d)? warranty complain(?:t|ed|ts)? customer_care help_?desk
        call(?:ed)? answered hotline ignored
    """,
}
