"""The impact assessment of a shop (PIPL 55 and 56, GDPR 35): what the laws ask, and what answers it here.

It is drawn up from the settings in force. It is a working paper for the person responsible, not legal advice; what
no program can do is marked `yours`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from regulars.core.rights import ImpactRow

if TYPE_CHECKING:
    from regulars.core.settings import PrivacySettings, Settings

    Law = Literal["PIPL", "GDPR"]
    Status = Literal["met", "partly", "yours"]


def assessment(settings: Settings) -> list[ImpactRow]:
    """Return the assessment, one row an article, in the order of the laws."""
    privacy = settings.privacy
    return [*_lawfulness(privacy), *_decisions(privacy), *_children(privacy), *_rights(privacy), *_security(privacy)]


def _row(
    articles: dict[Law, str],
    requirement: tuple[str, str],
    answer: tuple[str, str],
    status: Status,
    *settings: str,
) -> list[ImpactRow]:
    """Return a row for each law; texts are (English, Chinese), settings are named without their section."""
    return [
        ImpactRow(
            law=law,
            article=article,
            requirement={"en": requirement[0], "zh": requirement[1]},
            answer={"en": answer[0], "zh": answer[1]},
            status=status,
            settings=[f"privacy.{name}" for name in settings],
        )
        for law, article in articles.items()
    ]


_THREE_YEARS = 1_096
_ZH = {"unless-refused": "默认处理、可随时拒绝", "if-agreed": "同意后方处理"}


def _lawfulness(privacy: PrivacySettings) -> list[ImpactRow]:
    named = bool(privacy.controller and privacy.contact)
    agreed = privacy.marketing == privacy.personalisation == "if-agreed"
    return [
        *_row(
            {"PIPL": "6", "GDPR": "5(1)(c), 25"},
            ("Collect no more than the purpose needs.", "收集个人信息应限于实现处理目的的最小范围。"),
            (
                "Customers are known by pseudonyms; addresses of machines are cut to /24 or /48; fields that identify "
                "are sealed; free text is masked. Which further fields are sent is for the shop to decide.",
                "顾客仅以化名标识；IP 地址截断至 /24 或 /48；可识别身份的字段加密保存；自由文本自动脱敏。"
                "是否上报其他字段由商家决定。",
            ),
            "partly",
        ),
        *_row(
            {"PIPL": "13, 14, 16", "GDPR": "6, 7"},
            (
                "Have a lawful basis; consent is free, withdrawn as easily as given, and refusing it costs nothing.",
                "处理须有合法性基础；同意应自愿作出，撤回应与给予同样便捷，不得因拒绝而拒绝提供服务。",
            ),
            (
                f"Each purpose is answered alone and every answer is kept with its time and notice. Without an answer: "
                f"analytics {privacy.analytics}, personalisation {privacy.personalisation}, marketing "
                f"{privacy.marketing}, service {privacy.service}. Anything but 'if-agreed' needs another basis.",
                "各处理目的分别征得同意，每次答复连同时间与告知版本一并留存。未答复时："
                f"统计分析{_ZH[privacy.analytics]}，个性化{_ZH[privacy.personalisation]}，"
                f"营销{_ZH[privacy.marketing]}，客服{_ZH[privacy.service]}；凡未经同意即处理者须另有合法性基础。",
            ),
            "met" if agreed else "partly",
            *("analytics", "personalisation", "marketing", "service"),
        ),
        *_row(
            {"PIPL": "17", "GDPR": "13, 14"},
            (
                "Say who is responsible, what for, how long, and how to exercise rights.",
                "以显著方式告知处理者名称、联系方式、处理目的、保存期限及行使权利的方式。",
            ),
            (
                f"The preference page names {privacy.controller or 'nobody yet'} "
                f"({privacy.contact or 'no contact yet'}) and notice {privacy.notice}; its wording is the shop's.",
                f"偏好页面列明处理者：{privacy.controller or '尚未填写'}（{privacy.contact or '尚无联系方式'}），"
                f"告知版本 {privacy.notice}；告知正文由商家拟定。",
            ),
            "partly" if named else "yours",
            *("controller", "contact", "notice"),
        ),
        *_row(
            {"PIPL": "19, 47", "GDPR": "5(1)(e)"},
            ("Keep data no longer than needed.", "保存期限应为实现处理目的所必要的最短时间。"),
            (
                (f"Events are deleted after {privacy.keep_days} days" if privacy.keep_days else "No limit is set")
                + "".join(f", {kind} after {days}" for kind, days in privacy.keep_days_by_kind.items())
                + ". Whether that is needed is for the shop to justify.",
                (f"事件保存 {privacy.keep_days} 天后删除" if privacy.keep_days else "尚未设定保存期限")
                + "".join(f"，{kind} 为 {days} 天" for kind, days in privacy.keep_days_by_kind.items())
                + "；该期限的必要性由商家说明。",
            ),
            "met" if 0 < privacy.keep_days <= _THREE_YEARS else "partly",
            *("keep_days", "keep_days_by_kind"),
        ),
        *_row(
            {"PIPL": "23, 38–40", "GDPR": "28, 44–46"},
            (
                "Separate consent to hand data on; conditions for sending it abroad.",
                "向他人提供须取得单独同意；向境外提供须满足法定条件。",
            ),
            (
                "Nothing leaves the machine by itself. Destinations that the shop sets up need a contract, "
                "and abroad an assessment or standard clauses.",
                "系统自身不向外传输数据。商家自行配置的接收方须订立合同；出境须经安全评估、认证或签订标准合同。",
            ),
            "yours",
        ),
    ]


def _decisions(privacy: PrivacySettings) -> list[ImpactRow]:
    return [
        *_row(
            {"PIPL": "24", "GDPR": "21, 22"},
            (
                "Automated decisions are transparent and fair; no unreasonable difference in price; an option without "
                "personal traits, or an easy refusal.",
                "自动化决策应透明、公平、公正，不得在价格等交易条件上实行不合理差别待遇；"
                "应同时提供不针对个人特征的选项或便捷的拒绝方式。",
            ),
            (
                "Every recommendation carries its reason. Prices are never computed per customer. "
                "Who refuses personalisation gets what is popular.",
                "每条推荐均附理由；不按顾客计算价格；拒绝个性化者看到的是热门商品。",
            ),
            "met",
            "personalisation",
        ),
        *_row(
            {"GDPR": "21(3)", "PIPL": "24(2)"},
            ("Marketing stops at once when objected to.", "营销信息须可便捷拒绝，一经拒绝立即停止。"),
            (
                "A refusal of marketing takes effect with the next event; "
                + (
                    "browser signals (GPC, DNT) count as a refusal."
                    if privacy.honour_signals
                    else "browser signals are not read."
                ),
                "拒绝营销后即时生效；"
                + ("浏览器信号（GPC、DNT）视为拒绝。" if privacy.honour_signals else "未读取浏览器信号。"),
            ),
            "met" if privacy.honour_signals else "partly",
            *("marketing", "honour_signals"),
        ),
    ]


def _children(privacy: PrivacySettings) -> list[ImpactRow]:
    refused = privacy.under_14 == "refuse"
    return [
        *_row(
            {"PIPL": "28–31", "GDPR": "8, 9"},
            (
                "Sensitive data needs a specific purpose and separate consent; under 14 that of a guardian.",
                "处理敏感个人信息须有特定目的并取得单独同意；不满十四周岁的须取得监护人同意。",
            ),
            (
                "Sensitive fields are sealed. Customers known to be under 14 are "
                + ("not recorded." if refused else "not personalised for; the guardian's consent is the shop's to get.")
                + " Age is known only where a birthday or an age is sent.",
                "敏感字段加密保存。已知不满十四周岁者"
                + ("不予记录。" if refused else "不做个性化；监护人同意由商家取得。")
                + "仅当上报生日或年龄时方能识别。",
            ),
            "partly",
            "under_14",
        ),
    ]


def _rights(privacy: PrivacySettings) -> list[ImpactRow]:
    reachable: Status = "met" if privacy.contact else "partly"
    return [
        *_row(
            {"PIPL": "45", "GDPR": "15, 20"},
            (
                "A copy of one's data, in a form that can be taken elsewhere.",
                "个人有权查阅、复制其个人信息，并可请求转移。",
            ),
            (
                "`regulars privacy export` writes everything about one person as a ZIP archive of CSV and JSON.",
                "regulars privacy export 以 ZIP 压缩包（CSV 与 JSON）导出其全部数据。",
            ),
            "met",
        ),
        *_row(
            {"PIPL": "46", "GDPR": "16"},
            ("Correct what is wrong.", "个人有权请求更正、补充。"),
            (
                "`regulars privacy correct` and the Privacy page replace or delete single fields; what is sent later "
                "replaces what was sent before. Events stay as they happened.",
                "regulars privacy correct 与隐私页面可更正或删除单个字段；属性以最后上报者为准。行为记录保持原样。",
            ),
            "met",
        ),
        *_row(
            {"PIPL": "47", "GDPR": "17"},
            ("Erase on request.", "个人有权请求删除。"),
            (
                "`regulars privacy erase` destroys the person's key at once, removes their rows from tables, models "
                "and rows set aside, and signs a receipt. Backups and copies that left the shop are the shop's to "
                "erase.",
                "regulars privacy erase 立即销毁该人的密钥，从数据表、模型与拒收记录中删除其记录，并出具签名回执。"
                "备份及已对外提供的副本由商家负责删除。",
            ),
            "partly",
        ),
        *_row(
            {"PIPL": "50", "GDPR": "12(3)"},
            ("Answer requests easily, within a month.", "应建立便捷的受理机制并及时答复（一个月内）。"),
            (
                "Requests are listed with the day they are due, 30 days on. "
                + (f"People reach {privacy.contact}." if privacy.contact else "No contact is set."),
                "请求逐条登记并标明 30 天的截止日期。"
                + (f"联系方式：{privacy.contact}。" if privacy.contact else "尚未设置联系方式。"),
            ),
            reachable,
            "contact",
        ),
    ]


def _security(privacy: PrivacySettings) -> list[ImpactRow]:
    return [
        *_row(
            {"PIPL": "51", "GDPR": "32"},
            (
                "Encrypt, de-identify, control access.",
                "采取加密、去标识化等安全技术措施，合理确定操作权限。",
            ),
            (
                "AES-256-GCM with a key per person, pseudonyms by keyed hash, API keys kept as hashes. "
                "The disk, the machine and its people are the shop's.",
                "逐人密钥的 AES-256-GCM 加密，带密钥散列的化名，API 密钥仅存散列。磁盘、主机与人员管理由商家负责。",
            ),
            "partly",
        ),
        *_row(
            {"PIPL": "73(4)", "GDPR": "recital 26"},
            ("Anonymous means that nobody can be singled out.", "匿名化须无法识别特定自然人且不能复原。"),
            (
                f"Analysts' exports tell no group of fewer than {privacy.k} people; public counts carry noise within "
                f"a budget of ε = {privacy.epsilon_budget:g} a month.",
                f"分析用导出不含少于 {privacy.k} 人的群组；公开计数加入噪声，"
                f"每月隐私预算 ε = {privacy.epsilon_budget:g}。",
            ),
            "met" if privacy.k >= 5 else "partly",
            *("k", "epsilon_budget"),
        ),
        *_row(
            {"PIPL": "54–56", "GDPR": "30, 35"},
            (
                "Audit regularly; assess impacts beforehand and keep the reports (PIPL: three years).",
                "定期合规审计；事前进行个人信息保护影响评估，报告至少保存三年。",
            ),
            (
                "This table is the start of the assessment; its judgement, its date and its keeping are the shop's.",
                "本表为评估的基础；评估结论、日期与留存由商家负责。",
            ),
            "yours",
        ),
        *_row(
            {"PIPL": "57", "GDPR": "33, 34"},
            (
                "Report breaches: to the authority (GDPR: within 72 hours) and to the people concerned.",
                "发生泄露须立即补救，并通知监管部门与个人。",
            ),
            (
                "Receipts and the last use of every API key are kept as traces; telling people is the shop's.",
                "权利回执与 API 密钥的最后使用时间均有留存，可供追溯；通知义务由商家履行。",
            ),
            "yours",
        ),
    ]
