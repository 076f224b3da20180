# Words for names as the API writes them.

# States.
word-open = open
word-closed = closed
word-active = active
word-released = released
word-expired = expired
word-prepared = prepared
word-answered = answered
word-registered = registered
word-proved = address verified
word-approved = approved
word-suspended = suspended
word-returned = returned
word-moved = moved
word-proposed = proposed
word-rejected = rejected
word-accepted = accepted
word-declined = declined
word-done = done
word-draft = draft
word-running = running
word-ended = ended
word-planned = planned
word-cancelled = cancelled
word-cooling = cooling
word-escalated = escalated
word-stopped = stopped
word-exported = exported
word-confirmed = confirmed
word-withdrawn = withdrawn
word-lapsed = lapsed

# Decisions and outcomes.
word-allow = allow
word-review = review
word-hold = hold
word-reject = reject
word-true_positive = true positive
word-false_positive = false positive
word-inconclusive = inconclusive
word-granted = granted
word-partly = partly granted
word-refused = refused
word-forged = forged

# Requests: kinds, targets, classes of data, how a customer was found, who wrote.
word-information = information
word-preservation = preservation
word-freeze = freeze
word-seizure = seizure
word-emergency_disclosure = emergency disclosure
word-address = address
word-transaction = transaction
word-email = email
word-phone = phone
word-user_id = user id
word-name = name
word-card = card
word-card_fingerprint = card fingerprint
word-iban = IBAN
word-bank_account = bank account
word-account = account
word-document = document
word-device = device
word-ip = IP address
word-subscriber = subscriber
word-kyc = KYC
word-access = access
word-transactions = transactions
word-balances = balances
word-instruments = instruments
word-content = content
word-direct = stated by a record
word-paid = paid by the customer
word-named = named by an event
word-cluster = in one cluster
word-traced = traced
word-officer = officer
word-desk = desk

# Signs of forgery.
word-look-alike-domain = look-alike domain
word-foreign-characters = foreign characters
word-free-mail = free mail
word-unverified-domain = unverified domain
word-wrong-country = wrong country
word-wrong-agency = wrong agency
word-new-officer = new officer
word-call-back-missing = call back missing
word-call-back-denied = call back denied
word-reference-reused = reference reused
word-duplicate = duplicate
word-unusual-volume = unusual volume

# Cases: kinds of items, roles, custody, reports, teams, results of the search.
word-subject = subject
word-exhibit = exhibit
word-note = note
word-task = task
word-trace = trace
word-graph = graph
word-request = request
word-alert = alert
word-event = event
word-case = case
word-lead = lead
word-member = member
word-viewer = viewer
word-received = received
word-examined = examined
word-destroyed = destroyed
word-goaml = goAML
word-fincen-sar = FinCEN SAR
word-aml = AML
word-platform = platform

# Events, actions on alerts, covers of holds, directions and policies of traces.
word-deposit = deposit
word-withdrawal = withdrawal
word-payment = payment
word-signup = signup
word-login = login
word-login_failed = failed login
word-password_change = password changed
word-two_factor_change = second factor changed
word-email_change = email changed
word-phone_change = phone changed
word-address_added = address added
word-api_key_created = API key created
word-identity_check = identity check
word-bank = bank
word-settled = settled
word-chargeback = chargeback
word-assign = assign
word-comment = comment
word-close = close
word-reopen = reopen
word-asset = asset
word-amount = amount
word-forward = forward
word-backward = backward
word-poison = poison
word-haircut = haircut
word-fifo = FIFO
word-lifo = LIFO

# Changes, sources, imported objects.
word-rules = rule book
word-key = key
word-source = source
word-taxii = TAXII
word-community = community
word-misp = MISP
word-tag = tag
word-flag = flag
word-kept = no effect here

# Scams.
word-investment = investment
word-romance = romance
word-impersonation = impersonation
word-recovery = recovery
word-extortion = extortion
word-phishing = phishing
word-other = other

# Ways to hold a session.
word-in_person = in person
word-online = online

# Categories of tags.
word-unattributed = unattributed
word-sanction = sanction
word-terrorism = terrorism
word-child_abuse = child abuse
word-ransomware = ransomware
word-service_hack = service hack
word-black_list = black list
word-extremism = extremism
word-scam = scam
word-ponzi_scheme = Ponzi scheme
word-pyramid_scheme = pyramid scheme
word-investment_fraud = investment fraud
word-sextortion = sextortion
word-blackmail = blackmail
word-rug_pull = rug pull
word-illicit_market = illicit market
word-other_abuse = other abuse
word-market = market
word-mixing_service = mixing service
word-coinjoin = coinjoin
word-gambling = gambling
word-atm = ATM
word-defi_bridge = DeFi bridge
word-exchange = exchange
word-hosted_wallet = hosted wallet
word-wallet_service = wallet service
word-payment_processor = payment processor
word-miner = miner
word-mining_service = mining service
word-service = service
word-defi = DeFi
word-defi_dex = DeFi exchange
word-defi_lending = DeFi lending
word-organization = organization
word-donation = donation
word-faucet = faucet
word-hosting = hosting
word-user = user
word-perpetrator = perpetrator
word-coinbase = coinbase
word-unknown_origin = unknown origin
word-unspent = unspent
word-fee = fee

# Typologies.
word-structuring = structuring
word-rapid_pass_through = rapid pass through
word-fan_in = fan in
word-fan_out = fan out
word-cycle = cycle
word-peel_chain = peel chain
word-mixer_exposure = mixer exposure
word-coinjoin_exposure = coinjoin exposure
word-ransomware_payment = ransomware payment
word-address_poisoning = address poisoning
word-dusting = dusting
word-card_cash_out = card cash out
word-fake_account_ring = fake account ring
word-account_takeover = account takeover
word-mule = mule
word-scam_victim = scam victim

# Findings in seized material, and how sure they are.
word-bip39 = BIP39 phrase
word-bip39_partial = part of a BIP39 phrase
word-electrum = Electrum phrase
word-slip39 = SLIP-39 share
word-wif = private key (WIF)
word-bip38 = private key (BIP38)
word-extended_private_key = extended private key
word-extended_public_key = extended public key
word-wallet_file = wallet file
word-low = low
word-medium = medium
word-high = high

# Kinds of transfers of account chains, and whether an asset's transfers agree.
word-transfer-value = payment
word-transfer-internal = inside the transaction
word-transfer-fee_burn = fee, burnt
word-transfer-fee_tip = fee, to the producer
word-transfer-fee_blob = fee for blobs
word-transfer-fee_l1 = fee for data
word-transfer-reward = reward
word-transfer-withdrawal = withdrawal
word-transfer-token = token
word-transfer-wrap = wrap
word-transfer-unwrap = unwrap
word-transfer-mint = mint
word-transfer-burn = burn
word-transfer-genesis = first block
word-transfer-fork = change of rules
word-transfer-system_deposit = deposit of the base chain
word-transfer-adjust = adjustment
word-backing-backed = they agree with each other
word-backing-unbacked = they contradict each other
word-backing-unknown = unknown whether they agree: not all of them are stored

# Why traces over account chains end; what joins addresses of them.
word-made = came into being
word-unread = minted or destroyed by a contract that nobody reads
word-opening = there before the first block
word-elsewhere = on a chain that is not stored
word-hops = bound of hops
word-edges = bound of transfers
word-sweep = sweeps of deposit addresses
word-deposit-reuse = payments to one deposit address
word-gas-funding = gas paid for

# How an issuer's freeze stands; kinds of contracts, and what they rest on.
word-freeze-proposed = proposed
word-freeze-withdrawn = withdrawn
word-freeze-frozen = frozen
word-freeze-destroyed = destroyed
word-freeze-lifted = lifted
word-contract-entry_point = entry point of user operations (ERC-4337)
word-contract-mixer = mixer
word-contract-bridge = bridge
word-contract-safe = Safe
word-contract-multisig = wallet of several owners
word-contract-smart_account = smart account (ERC-4337)
word-contract-router = router of swaps
word-contract-pool = pool
word-contract-forwarder = deposit address that forwards
word-contract-factory = factory of contracts
word-contract-wrapper = wrapper of the chain's coin
word-contract-multi_token = token of several ids (ERC-1155)
word-contract-non_fungible = token of single things (ERC-721)
word-contract-token = token
word-contract-by-published = its project publishes it, or the factory that created it
word-contract-by-transfers = transfers of its token are stored; anybody can write such a contract
word-contract-by-mixer_moves = deposits and withdrawals of one denomination are stored; anybody can write such a contract
word-contract-by-user_operations = it acted in user operations

# States of rules, records of customers, movements.
word-live = live
word-shadow = shadow
word-off = off
word-customer = customer
word-deposit_address = deposit address
word-failed = failed
word-broadcast = broadcast
word-sent = sent
word-pending = pending
word-waiting = waiting

# Risks, states and orders of the alert queue, what alerts share.
word-severe = severe
word-unknown = unknown
word-all = all
word-same-customer = same customer
word-same-counterparty = same counterparty
word-same-rule = same rule
word-sort-risk = risk
word-sort-oldest = oldest first
word-sort-newest = newest first
word-sort-value = value
word-sort-customer = customer
word-sort-rule = rule
word-sort-assignee = assignee
word-about-hold = hold
word-about-request = request
word-about-report = report of case
word-about-change = change
word-about-officer = officer
word-shared-device = device
word-shared-instrument = card or bank account
word-shared-iban = bank account
word-shared-document = identity document
word-shared-email = mail address
word-shared-phone = telephone
word-customers = customers
word-rescreen_all = screening all transfers again
word-ledger_check = check of a ledger
word-ledger_rebuild = links, signals and clusters made anew
