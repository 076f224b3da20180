# Texts of the graph explorer (web/src/explorer). The page carries this file whole; web/src/explorer/texts.ts reads it. Of Fluent it may use `{ $name }`,
# selection by number or text, and `{ "text" }`.

## What is drawn
kind-entity = entity
kind-address = address
kind-transaction = transaction
kind-note = note
kind-group = group
kind-service = service
kind-alert = alert
kind-case = case
kind-event = event
kind-request = request
kind-customer = customer
kind-subject = subject
risk = Risk
risk-severe = severe
risk-high = high
risk-medium = medium
risk-low = low
risk-unknown = unknown
risk-is = risk { $risk }
risk-score = risk score { $score }
link-payment = payment
link-swap = swap
link-bridge = bridge
link-inferred = inferred link
level = Level
level-transaction = Transactions
level-address = Addresses
level-entity = Entities
layout-flow = flow
layout-time = time
layout-force = forces
layout-manual = by hand
fold-peels = peel chain of { $n } transactions
fold-joins = { $n } coinjoins
parts =
    { $n ->
        [one] { $n } part
       *[other] { $n } parts
    }
nodes =
    { $n ->
        [one] { $n } node
       *[other] { $n } nodes
    }
movements =
    { $n ->
        [one] { $n } movement
       *[other] { $n } movements
    }
inside = { $n } inside
more-assets =
    { $n ->
        [one] { $n } asset more
       *[other] { $n } assets more
    }
and = and
and-more = and { $n } more
nothing = nothing
unknown = unknown
itself = itself (change)

## Amounts and times
smallest-units = { $amount } smallest units of { $unit }
units-of = units of { $unit }
amount-unknown-of = amount unknown ({ $unit })
at-least = at least { $amount }
bad-amount = An amount is digits with at most one point, such as 0.5.
bad-decimals = { $unit } has { $n } decimals.
bad-day = { $field }: write a day as 2026-11-26.
time-unknown = time unknown
time = Time
edge-marked = { $amount } traced
edge-all-marked = { $amount }, all traced
edge-part-marked = { $amount } of { $whole } traced ({ $share })

## What is left out
rest-more = +{ $n } more
rest-others = others not listed
rest-unlisted =
    { $n ->
        [one] { $n } movement not listed
       *[other] { $n } movements not listed
    }
rest-at-least = { $what }, at least { $sum }
rest-amount-unknown = { $what }, amount unknown
not-drawn-before = not drawn before it: { $rest }
not-drawn-after = not drawn after it: { $rest }
has-note = note: { $note }
edge-sentence =
    { $sum } from { $from } to { $to } in { $link ->
        [payment] { $n ->
            [one] { $n } movement
           *[other] { $n } movements
        }
        [swap] a swap
        [bridge] a bridge
       *[other] an inferred link
    }
summary =
    { $nodes ->
        [one] { $nodes } node
       *[other] { $nodes } nodes
    }, { $edges ->
        [one] { $edges } edge
       *[other] { $edges } edges
    } of { $movements ->
        [one] { $movements } movement
       *[other] { $movements } movements
    }
summary-hidden =
    hidden by filters: { $nodes ->
        [one] { $nodes } node
       *[other] { $nodes } nodes
    }, { $movements ->
        [one] { $movements } movement
       *[other] { $movements } movements
    } of { $sum }
summary-undecided =
    { $n ->
        [one] { $n } movement
       *[other] { $n } movements
    } of unknown time or amount shown
summary-mixed =
    { $n ->
        [one] { $n } transaction
       *[other] { $n } transactions
    } kept as nodes because more than one pays into them or their payers were not looked up
tree-received = received { $sum }
tree-paid = paid { $sum }
undated =
    { $n ->
        [one] { $n } movement
       *[other] { $n } movements
    } without a time

## Actions: their names in menus and in the overview of keys
keys-look = Look
keys-follow = Follow
keys-arrange = Arrange
keys-select = Select
keys-change = Change
keys-file = Save and files
key-space = Space
keys-mouse = Drag moves the picture or nodes; Shift and drag draws a lasso; the wheel zooms; a double click expands; a right click opens the menu.
action-in = Zoom in
action-out = Zoom out
action-fit = Fit all
action-one = Full size
action-fitselected = Fit the selection
action-panl = Pan left
action-panr = Pan right
action-panu = Pan up
action-pand = Pan down
action-find = Find in graph
action-minimap = Overview map
action-panel = Side panel
action-details = Details
action-tree = Tree
action-table = Table
action-dust = Hide dust
action-filter = Filters
action-level = Level: transactions, addresses, entities
action-folds = Fold peel chains and coinjoins
action-play = Replay through time, or stop
action-earlier = One moment earlier
action-later = One moment later
action-zone = Times in UTC or local
action-add = Add to graph
action-expand = Expand both sides
action-expandout = Expand where it went
action-expandin = Expand where it came from
action-expandby = Expand by amount, time, asset or category
action-collapse = Collapse: take out what hangs on it alone
action-followout = Follow the largest payment
action-followin = Follow back the largest payment
action-crossings = Swaps and bridges
action-trace = Trace the money
action-paths = Paths between two
action-between = Payments between the selected
action-explain = Why one owner
action-right = Go where most went
action-left = Go where most came from
action-up = Go to the larger sibling
action-down = Go to the smaller sibling
action-flow = Arrange by flow
action-time = Arrange by time
action-force = Arrange by forces
action-movel = Move left
action-mover = Move right
action-moveu = Move up
action-moved = Move down
action-pin = Keep it where it is
action-unpin = Let layouts move it
action-all = Select all
action-invert = Select all others
action-linked = Select neighbours too
action-alike = Select all of this category
action-lasso = Lasso
action-none = Select nothing
action-undo = Undo
action-redo = Redo
action-remove = Take out of the picture
action-note = Note
action-freenote = Note by itself
action-label = Own label
action-colour = Next colour
action-colourway = Next colour of a whole path
action-group = Group
action-ungroup = Ungroup
action-copy = Copy address or id
action-save = Save in a case
action-versions = Versions
action-share = Copy link to this graph
action-case = Add to a case
action-png = Picture (PNG)
action-svg = Picture (SVG)
action-pdf = Print or PDF
action-csv = Movements (CSV)
action-graphml = Graph (GraphML)
action-bundle = Signed bundle
action-json = Log of this graph (JSON)
action-menu = Menu of the selection
action-help = Keys
bar-in = +
bar-out = −
bar-fit = Fit
bar-expand = Expand
bar-followout = Follow
bar-trace = Trace
bar-flow = Arrange
bar-folds = Fold
bar-save = Save
toolbar = Graph
export = Export
menu = Selection
legend = Risk of a node, and of the money that left it
legend-crossing = swap or bridge
stage = Picture of the graph. Arrows walk along the money, Enter expands, question mark shows all keys; the tree beside it says the same.
graph = Graph
graph-of = Graph of { $subject }

## Names of what was done, for undo
do-look-up = look up
do-add = add { $n }
do-remove = remove { $n }
do-move = move { $n }
do-mark = colour, note or label
do-group = group
do-expand = expand { $n }
do-arrange = arrange by { $layout }
do-trace = trace { $direction } by { $policy }
do-paths = paths
do-between = payments between
do-explain = why one owner
do-open-old = open a graph of version 1
do-set-level = level
do-set-layout = layout
do-set-folds = fold
do-set-filter = filter

## While work goes on
work-look-up = Looking up
work-open = Opening
work-save = Saving
work-trace = Tracing
work-paths = Searching
work-arrange = Arranging
work-copy = Copying
work-export = Writing
work-bundle = Collecting and signing
loading = Loading …

## What is said
say-undone = Undone: { $what }.
say-redone = Done again: { $what }.
say-nothing-to-undo = Nothing to undo.
say-nothing-to-redo = Nothing to do again.
say-select-node = Select a node first.
say-select-subject = Select an address, an entity or a transaction first.
say-select-address = Select an address first.
say-select-two = Select exactly two addresses first.
say-select-of-one-chain = Select 2 to 100 addresses of one chain first.
say-selected = { $n } selected.
say-impossible = { $name }: not possible now.
say-impossible-select = { $name }: not possible now; select a node first.
say-no-further = Nothing is drawn in that direction.
say-followed = Followed to { $name }.
say-expanded =
    { $n ->
        [one] { $n } new node.
       *[other] { $n } new nodes.
    }
say-failed-again =
    { $n ->
        [one] { $n } question
       *[other] { $n } questions
    } failed; do it again to ask again.
say-collapsed = { $n } taken out; their money stands in what is left out.
say-nothing-collapses = Nothing hangs on it alone.
say-removed = { $n } taken out; their money stands in what neighbours leave out.
say-in-graph = It is in the graph.
say-added =
    { $n ->
        [one] { $n } node added.
       *[other] { $n } nodes added.
    }
say-not-found = Not found: { $list }.
say-ambiguous = More than one meaning, the first was taken: { $list }.
say-type-something = Type an address, a transaction or a name.
say-too-many = { $n } items were pasted; at most 1,000 are added at once.
say-too-many-items = At most 50 items are added to a case at once.
say-more-items = { $n } more items are not drawn.
say-nothing-to-start = Nothing on a chain stands in { $what } { $id }.
say-nowhere = On no chain that this desk stores: { $list }.
say-started = { $n } from { $what } { $id }.
say-traced = Trace by { $policy }:
say-trace-left =
    { $n ->
        [one] { $n } node
       *[other] { $n } nodes
    } of the trace are not drawn.
say-whole-values = Whole values of { $n } transactions could not be read.
say-no-path = No path between them within the bounds of the search.
say-paths = Paths drawn.
say-between =
    { $n ->
        [one] { $n } payment
       *[other] { $n } payments
    } between them drawn.
say-more-between = { $n } more are not listed.
say-none-between = The ledger has no payment between them.
say-select-account = Select an address of an account chain first.
say-crossings =
    { $n ->
        [one] { $n } swap or bridge
       *[other] { $n } swaps and bridges
    } drawn.
say-half-crossings = Of { $n } only one end is known.
say-more-crossings = Older ones are not listed.
say-joined =
    Of one owner by { $n ->
        [one] { $n } step
       *[other] { $n } steps
    }: { $how }.
say-not-joined = Nothing says that they have one owner.
say-arranged = Arranged by { $layout }.
say-lasso = Lasso: drag around nodes.
say-no-lasso = Lasso off.
say-utc = Times in UTC.
say-local = Times in your zone.
say-copied = Copied.
say-file = { $format } written.
say-file-selected = { $format } of the { $n } selected written.
say-saved = Saved in case { $id } as version { $version }, item { $item }.
say-conflict = Not saved: { $why } Load the newer version, or save under another title.
say-not-saved = Save the graph in a case first.
say-versions =
    { $n ->
        [one] { $n } version.
       *[other] { $n } versions.
    }
say-shared = The link to version { $version } is copied.
say-shared-subject = The link to the subject is copied; save the graph to share what is drawn.
say-reloaded = Version { $version } is drawn.
say-in-case = { $n } added to case { $id } (item { $items }).
say-tagged = Tagged as { $label }.
say-bundled = Bundle of { $transactions } transactions and { $addresses } addresses written.
say-tick-first = Tick rows first.
say-opened = The graph as it was saved.
say-opened-version = Version { $version }.
say-empty = Add an address, a transaction or a name, or paste up to 1,000 of them.
say-replay = As it was { $at }: { $summary }
say-replay-end = As it is: { $summary }
say-no-times = No movement here has a time.
saved-unreadable = The saved graph has a form that this version does not read.
api-status = The server answered { $status } to { $path }.
no-canvas = This browser gives no canvas.
picture-too-large = The picture is too large for this browser; the SVG has no such limit.
newer = { $by } saved version { $version } of this graph.
newer-load = Load it
newer-keep = Keep mine

## Dialogs
set = Set
apply = Apply
close = Close
name = Name
title = Title
case = Case
asset = Asset
asset-all = all
category = Category
category-example = exchange
chain = Chain
direction = Direction
policy = Policy
policy-haircut = haircut (in proportion)
policy-fifo = first in, first out
policy-lifo = last in, first out
policy-poison = poison (all of it)
sort = Sort
sort-amount = largest first
sort-newest = newest first
sort-oldest = oldest first
side = Side
side-out = where it went
side-in = where it came from
side-both = both
by = Counted by
by-address = address
by-entity = entity
by-transaction = transaction
least-amount = Least amount
from-day = From day (UTC)
until-day = Until day (UTC)
note-title = Note
note-field = Note (empty removes it)
group-title = Group
group-button = Group
trace-title = Trace the money
trace-button = Trace
trace-forward = forward
trace-backward = backward
trace-hops = Most transactions away
trace-edges = Most movements
trace-no-bound = the server's bound
trace-services = Go on through services
trace-needs-asset = Expand the address first, so that its assets are known.
expand-title = Expand within bounds
expand-button = Expand
expand-most = Most nodes a side
expand-category = Only these categories (between commas)
expand-needs-asset = A least amount needs an asset.
filter-title = Filters
filter-show = Show { $unit }
filter-least = Least a movement
filter-most = Most
filter-least-of = Least { $unit }
filter-most-of = Most { $unit }
filter-risk = Edges that begin or end at risk
filter-categories = Hide categories
filter-dust = Hide dust: below 546 base units of BTC, a thousandth of a unit of other assets
filter-all = Show all
add-title = Add to graph
add-button = Add
add-field = Addresses, transactions or names; one or up to 1,000
add-file = Or a CSV or text file
add-placeholder = Add address, transaction or name
file-too-large = The file is larger than 1 MB.
found = Found
found-count = { $n } found
find-all = Select all found
save-title = Save in a case
save-button = Save
save-next = Save version { $version }
versions-title = Versions of this graph
versions-row = Version { $version }, by { $by }, { $at }
versions-this = (this one)
case-title =
    { $n ->
        [one] Add to a case
       *[other] Add { $n } to a case
    }
case-button = Add
case-why = What it is, or why
tag-title = Own label
tag-button = Set
tag-label = Label
tag-source = Source: how you know
tag-source-example = report of 2026-11-26, URL, case 12
tag-category = Category
tag-confidence = Confidence
tag-for-desk = Tag for the whole desk (otherwise only in this graph)
confidence-unknown = not rated
confidence-heuristic = heuristic
confidence-web_crawl = found on the web
confidence-forensic = forensic report
confidence-manual_transaction = own transaction with it
confidence-ownership = proven ownership

## Side panel
panel = Panel
panel-about = Selection, tree and table
panel-empty = Select a node or an edge, by mouse, by Tab and arrows, or in the tree. ? shows all keys.
stands-for = Stands for
inside-it = Inside
inside-text =
    { $sum } in { $n ->
        [one] { $n } movement
       *[other] { $n } movements
    }
do-case-short = Add to case
do-tag-short = Label
do-trace-short = Trace
do-expandby-short = Expand by …
open-page = Open its page
watch = Watch
flag = Raise a flag
about-tags = Tags and owner
about-entity = One of { $n } addresses of { $name }.
about-no-tags = No tag names it.
about-exposure = Exposure
about-activity = Activity
about-counterparties = Counterparties in the ledger
nothing-known = Nothing is known.
received-from = Received from (drawn)
paid-to = Paid to (drawn)
nothing-drawn = Nothing is drawn.
not-looked-up = Not looked up.
more-in-table = { $n } more in the table.
more-rows = { $n } more rows
first-rows = The first { $n } of { $all }; the CSV has all.
filter-rows = Filter rows
tick = Tick { $name }
add-ticked = Add ticked
in-movements =
    in { $n ->
        [one] { $n } movement
       *[other] { $n } movements
    }
rows-total = In all: { $sum }.
rows-rest =
    Not listed: { $n ->
        [one] { $n } row
       *[other] { $n } rows
    }, { $sum }.
row-created = created (mined or minted)
row-destroyed = destroyed (burned)
row-fee = fees
row-unknown = not known
row-address = address
row-entity = entity
row-transaction = transaction
entity-members = Addresses
entity-within = Between its own
exposure-source = Where its money came from
exposure-destination = Where its money went
exposure-parts = direct { $direct }, indirect { $indirect }
exposure-rest = { $share } % is of no known category.
activity-said = Received { $received } and sent { $sent } from { $from } to { $to }.
as-table = As a table
column-from = From
column-to = To
column-amount = Amount
column-movements = Movements
column-first = First
column-last = Last
column-marked = Traced
column-who = Who
column-count = Count
column-label = Label
column-category = Category
column-source = Source
column-confidence = Confidence
column-updated = Updated
column-month = Month
column-received = Received
column-sent = Sent
selected = { $n } selected
between-them = Between them
no-edge-between = No drawn edge.
in-common = In common
no-common = No drawn neighbour of all.
same-entity = Of one entity
entity-of = { $name }: { $n } of them
span-of = Movements from { $first } to { $last }.
tree-about = The graph as a tree
shown-from = Shown from
shown-until = Shown until
shown-range = { $from } to { $to }
replay-play = Replay
replay-stop = Stop
replay-at = as it was { $at }
print-by = Printed by { $by }, { $at }
print-nobody = this desk
print-more = { $n } more edges are in the CSV.
worth-unknown = price unknown
worth-now = { $value } at the present price
worth-unread = The price table could not be read.
drawn-sum = Drawn: { $sum }
about-figures = Figures of the whole chain
figures-as-of = { $name }, as of block { $height }
