# The desk's front page, search, alerts, holds, recommendations, the graph, the transparency report.
desk-title = Desk
desk-search-label = Search addresses, transactions, names, customers, alerts, cases, requests
desk-search-hint = Address, transaction, name, customer, alert, case, request
desk-search-title = At the desk: { $words }
desk-hit = Found
desk-search-none = No customer, event, alert or hold has this name, and no case that you may read and no request contains all these words.
desk-refused-title = Your key does not open this page
desk-refused-text = The links of the menu lead to the pages that your key opens.
desk-open-requests = open requests
desk-answers-to-approve = answers to approve
desk-open-alerts = open alerts
desk-active-holds = active holds
desk-officers-to-approve = officers to approve
desk-seizures-to-execute = seizures to execute
desk-changes-to-approve = changes to approve
desk-own-cases = Your open cases
desk-no-cases = None.
desk-case-opened = opened { $time }
desk-case-opened-by = opened { $time } by { $person }
desk-case-due = Due
desk-sign-out = Sign out { $name }

desk-cases-case = Case
desk-cases-title = Title
desk-cases-summary = Summary
desk-cases-opened = Opened
desk-cases-open = Open a case
desk-cases-open-button = Open
desk-cases-none = There is no case that you may read.

alerts-title = Alerts
alerts-alert = Alert
alerts-assignee = Assignee
alerts-since = Since
alerts-open = open
alerts-closed = closed
alerts-none = No alert fits.
alert-title = Alert { $id }
alert-rules = Rules
alert-event = Event { $id }
alert-about-event = Event { $event }
alert-notes = Notes
alert-assignee = Assignee (empty: nobody)
alert-outcome = Outcome
alert-true-positive = true positive
alert-false-positive = false positive
alert-inconclusive = inconclusive
alert-assign = Assign
alert-comment = Comment
alert-close = Close
alert-reopen = Reopen

holds-title = Holds
holds-hold = Hold
holds-title-of = Hold { $id }
holds-review = To be reviewed by
holds-ended = Ended
holds-second-person = needs a second person
holds-covers = Covers
holds-basis = Basis
holds-placed = Placed
holds-ends = Ends
holds-release = Release
holds-active = active
holds-released = released
holds-expired = expired
holds-none = No hold is in this state. Decisions of rules and orders of authorities place holds.
holds-open-ended = open-ended
holds-release-requested = release requested by { $person }: { $reason }

recommend-findings = What cases have in common
recommend-no-findings = No finding yet. Cases with a typology appear here.
recommend-for-team = for the { $team } team
recommend-proposals = Proposals
recommend-none = No proposal yet.
recommend-basis = To the { $team } team, based on { $cases } of { $typology }.
recommend-effect = Replayed over { $events } events: { $stopped } of { $cases } would have been stopped, and { $others } customers who are in none would have been affected.
recommend-changed = by { $person } { $time }
recommend-propose = Propose
recommend-team = Team
recommend-team-aml = AML
recommend-team-kyc = KYC
recommend-team-platform = platform
recommend-text = Change and reason
recommend-rules = Rule book with the change (YAML)
recommend-accepted = accepted
recommend-declined = declined
recommend-done = done
recommend-proposed = proposed

graph-title = Explorer
graph-needs-script = The explorer needs a script, which this browser does not run. The pages of addresses and transactions show the same as tables.
graph-as-tables = Look it up there
graph-missing = there is no graph { $item } in case { $case }

transparency-until = Requests from law enforcement until { $time }.
transparency-received = Received
transparency-granted = Granted
transparency-partly = Partly
transparency-refused = Refused
transparency-forged = Forged
transparency-open = Open
transparency-median = Median hours
transparency-in-time = In time

people-title = People
people-none = No person has a key.
people-name = Name
people-state = State
people-keys = Keys
people-factor = Second factor
people-since = Since
people-active = active
people-suspended = suspended
people-has-factor = yes
people-suspend = Suspend
people-activate = Activate
people-reset-factor = Reset the second factors
people-end-sessions = End all sessions
people-role = Role
people-role-of = Role of the key { $key }
people-key-name = Name of the key
people-investigator = investigator
people-approver = approver
people-auditor = auditor
people-administrator = administrator
people-trainer = trainer
people-screener = screening service
people-partner = partner institution
people-add = Add a person
people-add-about = A person signs in with a key. A role that you do not have, or that may administrate, waits for a second person.
people-add-button = Add
people-add-key = Create a key
people-add-key-about = A further key of this person, for another computer for example. Another person must approve it, because whoever holds it acts as this person.
people-facts = { $state }, since { $since }, added by { $by }.
people-factor-active = Signing in needs a second factor.
people-no-keys = This person has no key in force.
people-access = Access
people-revoke = Revoke
people-change-role = Change
people-made-title = New key
people-made = Key { $name } of { $person }. Only { $person } may have it.
people-waits = It opens nothing until another person approves { $change }.
people-change = change { $id }
people-desk-keys = Keys of the desk
people-desk-keys-about = All secrets are derived from these. Retire an older one when it may have leaked: API keys, apps and secrets that were derived from it are no longer valid. A new one is added on the server's machine.
people-desk-key = Key
people-in-use = in use
people-older = older, in force
people-retired = retired
people-retire = Retire

sessions-title = Sessions
sessions-none = No session is open.
sessions-kind = At
sessions-staff = desk
sessions-officer = officers' portal
sessions-learner = academy
sessions-from = Address
sessions-started = Started
sessions-used = Last used
sessions-end = End

factor-title = Second factor
factor-code = Code of the authenticator app
factor-continue = Continue
factor-any-code = Code of the authenticator app, or a recovery code
factor-enter = Enter the code that your authenticator app shows. If the app is lost, enter one of your recovery codes.
factor-enter-recovery = If the passkey is lost, enter one of your recovery codes.
factor-needed = Signing in needs a second factor. Set up an authenticator app or a passkey first.
factor-none = You sign in with your key alone. With an authenticator app or a passkey, signing in also needs that. Programs that send a key with each request need none.
factor-active = Signing in needs a second factor. If you lose it, sign in with a recovery code, or let another administrator reset it.
factor-locked = This session began with your key alone. To change a second factor, enter a code here, or sign out and sign in again.
factor-app = Authenticator app
factor-app-about = An app on your telephone shows a code of six digits, which changes every 30 seconds.
factor-app-active = An app is set up. Another administrator can reset it.
factor-app-none = No app is set up.
factor-set-up = Set up an authenticator app
factor-scan = Scan this code with your authenticator app, or enter the secret. Both are shown once.
factor-qr = QR code of the secret
factor-confirm = First code
factor-recovery = Recovery codes
factor-recovery-once = Store these codes where the app is not. Each signs you in once in place of the app. They are shown once, and count from the first code of the app.
factor-recovery-store = Store these codes where your devices are not. Each signs you in once in place of a second factor. They are shown once.
factor-recovery-left = { $n ->
    [one] One recovery code is left.
   *[other] { $n } recovery codes are left.
 } New ones replace them.
factor-recovery-renew = Create new recovery codes
factor-secret = Secret:
factor-open-app = Open in an authenticator app on this device

passkey-title = Passkeys
passkey-about = A passkey is stored in your computer, telephone or security key and is unlocked with a fingerprint or PIN. It works on this site only, so no other site can obtain it.
passkey-list-none = You have no passkey.
passkey-name = Name of the device
passkey-name-of = Name of the passkey { $name }
passkey-default-name = my device
passkey-credential = Passkey
passkey-facts = added { $created }, last used { $used }
passkey-facts-unused = added { $created }, never used
passkey-add = Add a passkey
passkey-enter = Sign in with a passkey.
passkey-use = Use your passkey
passkey-rename = Rename
passkey-remove = Remove { $name }

events-title = Events
events-none = No event of that kind was decided.
events-event = Event
events-named = Address or transaction
events-counterparty = Other side's address
events-own-address = Received at
events-completion = What became of it
events-reference = Reference
events-by-book = by version { $version } of the rule book
events-coverage = Looked at
events-not-covered = nothing: no source answered for its asset
events-why = Why
events-shadow = Rules in shadow, which change nothing
events-no-reason = No rule requires anything.
events-rule = Rule
events-rule-version = version { $version }
events-alert = alert { $alert }
events-confidence = confidence { $n } of 100
events-unavailable = The chain could not be queried: { $why }
events-senders = Senders that the chain names
events-behind = Where the money came through
events-behind-hops = Hops
events-no-case = No case that you may read has this event, its alerts, holds or customer.

customers-title = Customers
customers-customer = Customer { $id }
customers-intro = Reading a customer's data is recorded in the audit log.
customers-find-label = Id, name, mail address, telephone, address, account, IBAN, document or device
customers-none = No record and no event names a customer by '{ $text }'.
customers-name = Name
customers-email = Mail address
customers-phone = Telephone
customers-language = Language
customers-industry = Line of business
customers-risk = The exchange's rating
customers-account = Account
customers-fingerprint = Fingerprint
customers-document = Document
customers-result = Result
customers-birth-year = Year of birth
customers-level = Level
customers-flags = Marks
customers-created = Signed up
customers-stated = Stated
customers-no-record = The exchange stated nothing of this customer; what stands below comes from events, alerts and holds.
customers-records = Accounts, instruments, devices, identity checks
customers-record = Id
customers-details = Details
customers-addresses = Addresses
customers-addresses-about = Deposit addresses that the exchange stated, and addresses that the latest { $n } events name.
customers-use = Use
customers-own-address = the customer's own
customers-events = Events
customers-last = Last
customers-all-events = All events of this customer
customers-no-alert = No alert is about this customer.
customers-no-hold = No hold is on this customer's funds.
customers-no-case = No case that you may read has this customer, or an event, alert or hold of theirs.
customers-no-request = No reviewer matched a request to this customer.
customers-match = match { $verdict }
customers-cut = More { $list } are stored than are shown here.

rules-title = Rules
rules-book = { $title }, version { $version }, is in force.
rules-text = Its text
rules-waiting = { $n ->
    [one] One proposed rule book waits for a second person.
   *[other] { $n } proposed rule books wait for a second person.
}
rules-list = Rules
rules-none = The book has no rule.
rules-what = What it is for
rules-policy = What holds for all rules
rules-lists = Lists
rules-each = Each rule
rules-on = Applies to
rules-when = When
rules-hold = Hold
rules-warning = Warning
rules-cooling-off = { $time } of cooling off
rules-measured = Measured
rules-no-hit = no event met it in this version
rules-hits = { $n ->
    [one] { $n } event
   *[other] { $n } events
}
rules-precision = precision { $share } ({ $right } right, { $wrong } wrong)
rules-no-precision = no alert with it is closed as right or wrong yet
rules-events = Events that met it
rules-versions = Versions
rules-version = Version
rules-version-title = Rule book, version { $version }
rules-author = Put in force by
rules-in-force = in force
rules-replaced = replaced
rules-no-version = No version is stored.
rules-sha256 = SHA-256

webhooks-title = Webhooks
webhooks-none = There is no webhook.
webhooks-intro = What is decided is posted to these addresses in order, signed as Standard Webhooks say, and repeated until it is received. Topics: { $topics }.
webhooks-webhook = Webhook
webhooks-url = Address (https)
webhooks-topics = Topics
webhooks-delivered = Delivered
webhooks-working = receives messages
webhooks-failing = { $n ->
    [one] One try of the next message failed.
   *[other] { $n } tries of the next message failed.
}
webhooks-next = next try { $time }
webhooks-add = Add a webhook
webhooks-remove = Remove
webhooks-secret = Webhook { $id } is in place. The secret of its signatures:

jobs-title = Jobs
jobs-none = There is no job.
jobs-job = Job
jobs-kind = Kind
jobs-state = State
jobs-tries = Tries
jobs-progress = Progress
jobs-done-of = { $done } of { $all }
jobs-when = When
jobs-next-at = next run { $time }
jobs-started-at = began { $time }
jobs-ended-at = ended { $time }
jobs-waiting = waiting
jobs-running = running
jobs-failed = failed
jobs-done = done
jobs-error = Last error
jobs-retry = Try now

audit-none = The audit log has no entry.
audit-entry = Entry
audit-actor = Actor
audit-action = Action
audit-subject = Subject
audit-detail = Detail
audit-back = Back to the audit log

replay-title = Replay of decisions
replay-link = Replay all decisions
replay-about = The desk stores every input of its decisions. A replay decides all stored events again, from the first input on, and compares each decision byte for byte with the stored one. It changes nothing.
replay-bound = Here it runs for up to { $seconds } seconds. On the desk's machine { $command } runs to the last input.
replay-start = Replay
replay-equal-all = { $n ->
    [one] The one compared decision is equal to the stored one.
   *[other] All { $n } compared decisions are equal to the stored ones.
}
replay-nothing = No decision was compared.
replay-problems = The log of inputs does not give what is stored.
replay-stopped = The replay ended after { $seconds } seconds, before the last input. Later decisions were not compared.
replay-result = Result
replay-inputs = Inputs
replay-compared = Decisions compared
replay-equal = Equal
replay-different = Different
replay-other-engines = Of other engines
replay-uncovered = Older than the log
replay-holds = Active holds compared
replay-engine = Engine
replay-not-compared = Not compared
replay-reason = Reason
replay-decisions = Decisions
replay-numbers = Numbers
replay-numbers-up-to = up to { $last }
replay-numbers-from-to = { $first } to { $last }
replay-reason-uncovered = made before the desk stored its inputs
replay-reason-engine = made by engine { $engine }; this program has engine { $own }
replay-reason-no-engine = made by an engine without a version; this program has engine { $own }
replay-differences = Differences
replay-differences-first = The first { $n } are shown.

desk-refused-roles = It is open to the roles: { $roles }.
desk-refused-who = An administrator gives roles to people, on the page People; a role that may administrate needs a second person's approval.
# The alert workbench.
alerts-views = Views
alerts-view-open = Open
alerts-view-mine = Mine
alerts-view-nobody = Nobody's
alerts-view-severe = Severe
alerts-view-closed = Closed
alerts-view-save = Save this view
alerts-view-name = Name of the view
alerts-view-shared = for everybody at the desk
alerts-view-query = Filter
alerts-view-delete = Delete "{ $name }"
alerts-filter = Filter and sort
alerts-filter-none = All open alerts
alerts-me = me
alerts-risk = Risk
alerts-amount = Amount, at least
alerts-age-least = Age, at least
alerts-sort = Sorted by
alerts-value = Value
alerts-age-head = Age
alerts-age = { $age } old
alerts-in-time = in time
alerts-soon = soon
alerts-late = late
alerts-due-in = { $span } left
alerts-late-by = late by { $span }
alerts-minutes = { $n } min
alerts-hours = { $n } h
alerts-days = { $n } d
alerts-select = Select
alerts-nothing-open = No alert is open here. Press j, or follow the number of an alert.
alerts-page = Page { $page } of { $pages }
alerts-page-before = Previous page
alerts-bulk = Selected alerts
alerts-steps-done = { $n ->
    [one] 1 alert was changed.
   *[other] { $n } alerts were changed.
}
alerts-steps-refused = { $n ->
    [one] 1 alert was not changed:
   *[other] { $n } alerts were not changed:
}
alert-evidence = Evidence
alert-version = Version
alert-hold = Active hold
alert-hold-choose = choose
alert-hold-keep = keep it
alert-hold-release = release it
alert-hold-ends = until { $time }
alert-hold-asked = release requested by { $person }
alert-case = Case (empty: a new one)
alert-into-case = To a case
alert-sentence = { $kind } of { $amount } by customer { $customer }: { $decision }, because { $reason }.
alert-sentence-plain = { $kind } of customer { $customer }: { $decision }, because { $reason }.
alert-about = Event
alert-came-from = Where the money came from
alert-went-to = Where money of this address went
alert-share = { $direct } direct, { $indirect } indirect
alert-unknown-share = Of { $share } of the money it is not known where it came from.
alert-unknown-amounts = { $n } movements of unknown amount are in no share.
alert-way = Way
alert-sender = sender
alert-receiver = receiver
alert-days = The customer's last 30 days
alert-usual = What is usual
alert-usual-text = { $value }, above { $below } of { $n } earlier movements of this kind; their median is { $median }, the highest { $highest }.
alert-usual-unpriced = { $n } of unknown value are not compared.
alert-usual-none = Nothing to compare: no earlier movement of this kind with a known value.
alert-rule-alerts = Alerts
alert-similar = Similar alerts
alert-similar-none = No other alert of this customer, counterparty or rule.
alert-shares = { $what }
alert-notes-none = Nothing was done yet.
alert-whole = Whole page of the alert
figure-flow = { $name }: in { $received }, out { $sent }.
figure-unpriced = { $n ->
    [one] 1 movement of unknown value is not drawn.
   *[other] { $n } movements of unknown value are not drawn.
}
figure-cut = Only the latest { $n } events were looked at.
figure-hops = { $n ->
    [one] 1 step away
   *[other] { $n } steps away
}
figure-way = Way of the money: { $places }
figure-shared = { $n ->
    [one] 1 thing is shared
   *[other] { $n } things are shared
}
bench-reason-usual = Expected activity of this customer
bench-reason-known = Known counterparty or own wallet
bench-reason-rule = The rule is too wide
bench-reason-reported = Confirmed; to be reported
bench-reason-told = Confirmed; the customer is a victim and was told
bench-reason-open = Not enough evidence
bench-key-move = Next and previous alert
bench-key-open = Open the alert's page
bench-key-assign = Assign to me
bench-key-assign-to = Assign to somebody
bench-key-close = Close, with a reason by its number
bench-key-case = To a case
bench-key-hold = Keep or release the hold
bench-key-note = Add a comment
bench-key-select = Select, or take out of the selection
bench-key-range = Select to here; again, to the end of the page
bench-key-bulk = What to do with the selected alerts
bench-key-undo = Undo the last step, within 10 seconds
bench-text-closed = closed
bench-text-assigned = assigned to
bench-text-undone = Undone.
bench-text-undo = Undo (u)
bench-text-nothing = No alert is marked.
bench-text-hold = What happens to the hold?
bench-text-keep = Keep it
bench-text-release = Release it
bench-text-case = To a case
bench-text-new-case = Open a new case
bench-text-case-number = or number of an open case
bench-text-note = Comment
bench-text-no-hold = This alert has no active hold.
bench-text-own = Own words
bench-text-may-not = Your role does not allow it.
bench-text-other = was changed by somebody else
bench-text-failed = The server did not answer. Nothing was changed.
bench-text-ok = OK
bench-text-new = new; load the page again to see what was raised.

# What waits for a person.
desk-own-alerts = My alerts
desk-no-own-alerts = No open alert is assigned to you.
desk-take-alerts = { $n ->
    [one] 1 alert is nobody's
   *[other] { $n } alerts are nobody's
}
desk-all-own-alerts = All my alerts
desk-own-tasks = My tasks
desk-approvals = Waits for your approval
desk-clocks = Runs out soon
desk-mentions = You are named in
desk-mention = Mention
desk-mark-read = Mark as read
desk-nothing-waits = No task, approval, mention or deadline waits for you.

# A customer's page.
customers-parts = Parts of the page
customers-overview = Overview
customers-activity = Activity
customers-network = Network
customers-notes = Notes
customers-note = Note (name a colleague as @name)
customers-no-note = Nobody noted anything.
customers-rated = rated { $risk } by the exchange
customers-unrated = not rated by the exchange
customers-checked = identity check { $result }
customers-unchecked = no identity check stated
customers-open-alerts = Open alerts
customers-sharing-short = Customers who share something
customers-flows = In and out by month
customers-no-flow = Nothing moved in or out.
customers-exposures = Where deposits came from, by value
customers-no-exposure = The origin of no deposit is known.
customers-exposures-about = { $known } deposits with known value and origin; { $unknown } others are in no part.
customers-balances = Balances, as last stated by events
customers-no-balance = No event states a balance.
customers-balance-at = stated
customers-shares-nothing = No other customer shares a device, card, bank account, document, mail address or telephone.
