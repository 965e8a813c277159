"""Shop messages with personal data in known places, and with numbers that are none: made from templates and a seed."""

from __future__ import annotations

import string
from collections.abc import Sequence

from benchmarks.masking_values import Values
from regulars.privacy.masks import Kind, Span

CHINESE = (
    "你好，我的手机号是{phone}，麻烦改一下",
    "电话{phone}微信同号",
    "请打{phone}找我，订单号{order}",
    "收货人手机：{phone}",
    "{phone}这个号码收不到短信",
    "联系方式 {phone} 谢谢",
    "新号{phone}，旧号{phone}",
    "打我座机{landline}吧",
    "公司电话：{landline}",
    "运单号{tracking}还没到，电话{phone}",
    "身份证号{id}需要清关",
    "清关身份证：{id} 手机 {phone}",
    "我的证件号码是{id}",
    "{id}，这个是我的身份证",
    "退款到卡号{card}",
    "银行卡 {card} 已扣款{price}",
    "请退到我的卡里{card}，谢谢",
    "账号：{card} 开户行招商银行",
    "发票发到{email}",
    "邮箱是{email}谢谢",
    "电子发票请发{email}，抬头写公司",
    "我的邮箱：{email}；电话：{phone}",
    "登录地IP是{ip}，不是我本人",
    "IP：{ip} 无法下单",
    "请汇到{iban}",
    "商品条码{ean}，价格{price}",
    "订单{order}什么时候发货",
    "订单号：{order}，下单时间{time}",
    "订单编号 {order} 金额{price}",
    "快递单号{tracking}三天没动了",
    "物流单号：{tracking}",
    "货号{sku}还有吗，要{quantity}件",
    "型号{sku}和{sku}有什么区别",
    "我{date}买的，{time}付款",
    "条形码 {ean} 扫不出来",
    "优惠券码{coupon}用不了",
    "满{quantity}减{quantity}，实付{price}",
    "固件版本{version}升级失败",
    "尺寸{size}，重量{quantity}克",
    "预售{date}发货吗",
    "{ean}这款有货吗",
    "取件码{pin}",
    "库存{big}件，单价{price}",
    "销量{big}，评价{quantity}条",
    "验证码{pin}过期了",
    "序列号{serial}能查保修吗",
    "规格{size}的要{quantity}个",
    "流水号{order}查不到",
    "交易号 {order} 已退款",
    "邮编{postcode}",
    "{date}到{date}活动价{price}",
    "客服在{hours}上班吗",
    "发票号码{invoice}",
    "ISBN {isbn}有货吗",
    "内存{quantity}G的{price}",
    "手机型号{sku}，屏幕{size}",
)
ENGLISH = (
    "Please call me on {foreign} about my order",
    "My phone number is {foreign}",
    "Phone: {foreign}, order no. {order}",
    "You can reach me at {foreign} after 5 pm",
    "Text me: {foreign}",
    "My Chinese mobile is {phone}, thanks",
    "Mobile {phone}",
    "Refund it to my card {card} please",
    "I paid {price} with {card} on {date}",
    "Card number: {card}, order {order}",
    "The charge on {card} is wrong",
    "Send the invoice to {email}",
    "My e-mail is {email}.",
    "{email} does not get your mails",
    "Write to <{email}> or call {foreign}",
    "Your site blocks my address {ip}",
    "Login from {ip} was not me",
    "My IBAN is {iban}",
    "Transfer the money to {iban}, thanks",
    "My SSN is {ssn}",
    "They asked for my social security number {ssn}!",
    "Where is order {order}?",
    "Order number {order} has not arrived",
    "Order #{order} placed {date}, total {price}",
    "Tracking number {tracking} shows nothing since {date}",
    "tracking: {tracking}",
    "SKU {sku} in size {size}?",
    "Item {sku}, qty {quantity}",
    "Barcode {ean} does not scan",
    "Is {ean} back in stock?",
    "The price rose from {price} to {price}",
    "I need {quantity} by {date}",
    "Delivered {time}, opened {time}",
    "Firmware {version} will not install",
    "Version {version} crashes",
    "Coupon {coupon} is rejected",
    "Serial number {serial}",
    "Invoice no {invoice} is wrong",
    "ISBN {isbn}",
    "Only {big} left in stock",
    "ZIP {zip}",
    "Open {hours}?",
    "Dimensions {size}, {quantity} g",
    "Reference {order}, amount {price}",
    "PO {order} was short by {quantity} pcs",
    "The {size} frame, {quantity}x",
)
DELIVERIES = (
    "收件人：{name}，{phone}，{address}",
    "{address} {name}收 {phone}",
    "地址改成{address}，谢谢",
    "我叫{name}，订单{order}还没到",
    "{name}女士的快递到了吗",
    "麻烦寄到{address}",
    "姓名：{name} 电话：{phone} 地址：{address}",
    "联系人{name} {phone}",
    "{name}先生，您的包裹送到{address}了",
    "{name} {phone} {address}",
    "{address}能送货上门吗",
    "请问{name}老师的订单{order}发了吗",
    "户名：{name}，卡号{card}",
    "我住{address}，什么时候送",
    "{name}已签收，订单{order}",
)
PERSONAL: dict[str, Kind] = {
    "phone": "phone",
    "landline": "phone",
    "foreign": "phone",
    "id": "id_number",
    "card": "card",
    "email": "email",
    "ip": "ip",
    "iban": "iban",
    "ssn": "us_ssn",
    "name": "name",
    "address": "address",
}


def messages(count: int, seed: int) -> list[tuple[str, list[Span]]]:
    """Return texts with the spans of their personal data, templates of both languages in turn."""
    values = Values(seed)
    templates = CHINESE + ENGLISH
    return [_filled(templates[at % len(templates)], values) for at in range(count)]


def deliveries(count: int, seed: int, areas: Sequence[str]) -> list[tuple[str, list[Span]]]:
    """Return Chinese messages about deliveries with names and addresses, in districts of `areas`."""
    values = Values(seed, areas)
    return [_filled(DELIVERIES[at % len(DELIVERIES)], values) for at in range(count)]


def _filled(template: str, values: Values) -> tuple[str, list[Span]]:
    text = ""
    spans: list[Span] = []
    for literal, name, _, _ in string.Formatter().parse(template):
        text += literal
        if name:
            value = values.make(name)
            if name in PERSONAL:
                spans.append(Span(len(text), len(text) + len(value), PERSONAL[name]))
            text += value
    return text, spans
