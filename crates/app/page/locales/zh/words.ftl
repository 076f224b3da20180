# Words for names as the API writes them.

# States.
word-open = 未结
word-closed = 已结
word-active = 有效
word-released = 已解除
word-expired = 已到期
word-prepared = 已准备
word-answered = 已答复
word-registered = 已注册
word-proved = 邮箱已验证
word-approved = 已批准
word-suspended = 已停用
word-returned = 已归还
word-moved = 已移送
word-proposed = 已提议
word-rejected = 已驳回
word-accepted = 已采纳
word-declined = 已谢绝
word-done = 已完成
word-draft = 草稿
word-running = 进行中
word-ended = 已结束
word-planned = 已计划
word-cancelled = 已取消
word-cooling = 冷静期
word-escalated = 已升级
word-stopped = 已阻止
word-exported = 已导出
word-confirmed = 已确认
word-withdrawn = 已撤回
word-lapsed = 已失效

# Decisions and outcomes.
word-allow = 放行
word-review = 审查
word-hold = 冻结
word-reject = 拒绝
word-true_positive = 真阳性
word-false_positive = 误报
word-inconclusive = 无定论
word-granted = 准许
word-partly = 部分准许
word-refused = 拒绝
word-forged = 伪造

# Requests: kinds, targets, classes of data, how a customer was found, who wrote.
word-information = 信息查询
word-preservation = 数据保全
word-freeze = 冻结
word-seizure = 扣押
word-emergency_disclosure = 紧急披露
word-address = 地址
word-transaction = 交易
word-email = 邮箱
word-phone = 电话
word-user_id = 用户标识
word-name = 姓名
word-card = 银行卡
word-card_fingerprint = 银行卡指纹
word-iban = IBAN
word-bank_account = 银行账户
word-account = 账户
word-document = 证件
word-device = 设备
word-ip = IP 地址
word-subscriber = 用户资料
word-kyc = KYC
word-access = 访问记录
word-transactions = 交易记录
word-balances = 余额
word-instruments = 支付工具
word-content = 内容
word-direct = 资料中载明
word-paid = 客户曾付款
word-named = 事件中提及
word-cluster = 同一聚类
word-traced = 追踪得出
word-officer = 执法人员
word-desk = 工作台

# Signs of forgery.
word-look-alike-domain = 仿冒域名
word-foreign-characters = 异体字符
word-free-mail = 免费邮箱
word-unverified-domain = 未核实的域名
word-wrong-country = 国家不符
word-wrong-agency = 机构不符
word-new-officer = 新执法人员
word-call-back-missing = 缺少回拨核实
word-call-back-denied = 回拨时否认
word-reference-reused = 文号重复使用
word-duplicate = 重复
word-unusual-volume = 数量异常

# Cases: kinds of items, roles, custody, reports, teams, results of the search.
word-subject = 涉案主体
word-exhibit = 物证
word-note = 备注
word-task = 任务
word-trace = 追踪
word-graph = 图谱
word-request = 请求
word-alert = 警报
word-event = 事件
word-case = 案件
word-lead = 负责人
word-member = 成员
word-viewer = 查看者
word-received = 已接收
word-examined = 已检验
word-destroyed = 已销毁
word-goaml = goAML
word-fincen-sar = FinCEN SAR
word-aml = 反洗钱
word-platform = 平台

# Events, actions on alerts, covers of holds, directions and policies of traces.
word-deposit = 充值
word-withdrawal = 提现
word-payment = 支付
word-signup = 注册
word-login = 登录
word-login_failed = 登录失败
word-password_change = 更改密码
word-two_factor_change = 更改第二因素
word-email_change = 更改邮箱
word-phone_change = 更改电话
word-address_added = 添加地址
word-api_key_created = 创建 API 密钥
word-identity_check = 身份核验
word-bank = 银行
word-settled = 已结算
word-chargeback = 拒付
word-assign = 指派
word-comment = 评论
word-close = 关闭
word-reopen = 重新打开
word-asset = 资产
word-amount = 金额
word-forward = 向前
word-backward = 向后
word-poison = 毒性法
word-haircut = 折减法
word-fifo = 先进先出
word-lifo = 后进先出

# Changes, sources, imported objects.
word-rules = 规则集
word-key = 密钥
word-source = 来源
word-taxii = TAXII
word-community = 社区
word-misp = MISP
word-tag = 标签
word-flag = 标记
word-kept = 此处无效

# Scams.
word-investment = 投资
word-romance = 感情
word-impersonation = 冒充身份
word-recovery = 追回骗局
word-extortion = 敲诈
word-phishing = 网络钓鱼
word-other = 其他

# Ways to hold a session.
word-in_person = 面授
word-online = 在线

# Categories of tags.
word-unattributed = 未归属
word-sanction = 制裁
word-terrorism = 恐怖主义
word-child_abuse = 儿童侵害
word-ransomware = 勒索软件
word-service_hack = 服务被入侵
word-black_list = 黑名单
word-extremism = 极端主义
word-scam = 诈骗
word-ponzi_scheme = 庞氏骗局
word-pyramid_scheme = 金字塔骗局
word-investment_fraud = 投资欺诈
word-sextortion = 性勒索
word-blackmail = 敲诈勒索
word-rug_pull = 卷款跑路
word-illicit_market = 非法市场
word-other_abuse = 其他滥用
word-market = 市场
word-mixing_service = 混币服务
word-coinjoin = CoinJoin
word-gambling = 博彩
word-atm = ATM
word-defi_bridge = DeFi 跨链桥
word-exchange = 交易所
word-hosted_wallet = 托管钱包
word-wallet_service = 钱包服务
word-payment_processor = 支付处理商
word-miner = 矿工
word-mining_service = 矿池服务
word-service = 服务
word-defi = DeFi
word-defi_dex = DeFi 交易所
word-defi_lending = DeFi 借贷
word-organization = 组织
word-donation = 捐赠
word-faucet = 水龙头
word-hosting = 托管主机
word-user = 用户
word-perpetrator = 作案人
word-coinbase = Coinbase
word-unknown_origin = 来源不明
word-unspent = 未花费
word-fee = 手续费

# Typologies.
word-structuring = 拆分交易
word-rapid_pass_through = 快进快出
word-fan_in = 资金归集
word-fan_out = 资金分散
word-cycle = 循环
word-peel_chain = 剥离链
word-mixer_exposure = 混币器敞口
word-coinjoin_exposure = CoinJoin 敞口
word-ransomware_payment = 勒索赎金
word-address_poisoning = 地址投毒
word-dusting = 粉尘攻击
word-card_cash_out = 银行卡套现
word-fake_account_ring = 虚假账户团伙
word-account_takeover = 账户盗用
word-mule = 骡子账户
word-scam_victim = 诈骗受害人

# Findings in seized material, and how sure they are.
word-bip39 = BIP39 助记词
word-bip39_partial = 部分 BIP39 助记词
word-electrum = Electrum 助记词
word-slip39 = SLIP-39 分片
word-wif = 私钥（WIF）
word-bip38 = 私钥（BIP38）
word-extended_private_key = 扩展私钥
word-extended_public_key = 扩展公钥
word-wallet_file = 钱包文件
word-low = 低
word-medium = 中
word-high = 高

# Kinds of transfers of account chains, and whether an asset's transfers agree.
word-transfer-value = 付款
word-transfer-internal = 交易内部
word-transfer-fee_burn = 手续费，销毁
word-transfer-fee_tip = 手续费，付给出块者
word-transfer-fee_blob = blob 手续费
word-transfer-fee_l1 = 数据手续费
word-transfer-reward = 奖励
word-transfer-withdrawal = 提取
word-transfer-token = 代币
word-transfer-wrap = 包装
word-transfer-unwrap = 解包
word-transfer-mint = 铸造
word-transfer-burn = 销毁
word-transfer-genesis = 首个区块
word-transfer-fork = 规则变更
word-transfer-system_deposit = 来自基础链的存入
word-transfer-adjust = 调整
word-backing-backed = 相互一致
word-backing-unbacked = 相互矛盾
word-backing-unknown = 是否一致未知：并未全部存储

# Why traces over account chains end; what joins addresses of them.
word-made = 新产生
word-unread = 由未解析的合约铸造或销毁
word-opening = 首个区块之前已有
word-elsewhere = 在未存储的链上
word-hops = 达到跳数上限
word-edges = 达到转账数上限
word-sweep = 充值地址归集
word-deposit-reuse = 付往同一充值地址
word-gas-funding = 代付 gas

# How an issuer's freeze stands; kinds of contracts, and what they rest on.
word-freeze-proposed = 已提议
word-freeze-withdrawn = 已撤回
word-freeze-frozen = 已冻结
word-freeze-destroyed = 已销毁
word-freeze-lifted = 已解除
word-contract-entry_point = 用户操作入口（ERC-4337）
word-contract-mixer = 混币器
word-contract-bridge = 跨链桥
word-contract-safe = Safe
word-contract-multisig = 多人共管钱包
word-contract-smart_account = 智能账户（ERC-4337）
word-contract-router = 兑换路由
word-contract-pool = 资金池
word-contract-forwarder = 转发型充值地址
word-contract-factory = 合约工厂
word-contract-wrapper = 本链币的包装合约
word-contract-multi_token = 多标识代币（ERC-1155）
word-contract-non_fungible = 非同质化代币（ERC-721）
word-contract-token = 代币
word-contract-by-published = 由其项目方公布，或由创建它的工厂确认
word-contract-by-transfers = 存有其代币的转账；任何人都能编写这样的合约
word-contract-by-mixer_moves = 存有同一面额的存入和取出；任何人都能编写这样的合约
word-contract-by-user_operations = 它参与过用户操作

# States of rules, records of customers, movements.
word-live = 生效
word-shadow = 影子运行
word-off = 关闭
word-customer = 客户
word-deposit_address = 充值地址
word-failed = 失败
word-broadcast = 已广播
word-sent = 已发送
word-pending = 待处理
word-waiting = 等待中

word-severe = 极高
word-unknown = 未知
word-all = 全部
word-same-customer = 同一客户
word-same-counterparty = 同一对方
word-same-rule = 同一规则
word-sort-risk = 风险
word-sort-oldest = 最早在前
word-sort-newest = 最新在前
word-sort-value = 价值
word-sort-customer = 客户
word-sort-rule = 规则
word-sort-assignee = 负责人
word-about-hold = 冻结
word-about-request = 请求
word-about-report = 案件报告
word-about-change = 变更
word-about-officer = 执法人员
word-shared-device = 设备
word-shared-instrument = 银行卡或银行账户
word-shared-iban = 银行账户
word-shared-document = 身份证件
word-shared-email = 邮箱
word-shared-phone = 电话

word-customers = 客户
word-rescreen_all = 重新筛查全部转账
word-ledger_check = 账本检查
word-ledger_rebuild = 重建关联、信号和聚类
