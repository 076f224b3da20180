kind-entity = Entität
kind-address = Adresse
kind-transaction = Transaktion
kind-note = Notiz
kind-group = Gruppe
kind-service = Dienst
kind-alert = Alarm
kind-case = Fall
kind-event = Ereignis
kind-request = Ersuchen
kind-customer = Kunde
kind-subject = Betroffene
risk = Risiko
risk-severe = sehr hoch
risk-high = hoch
risk-medium = mittel
risk-low = niedrig
risk-unknown = unbekannt
risk-is = Risiko { $risk }
risk-score = Risikowert { $score }
link-payment = Zahlung
link-swap = Swap
link-bridge = Bridge
link-inferred = abgeleitete Verbindung
level = Ebene
level-transaction = Transaktionen
level-address = Adressen
level-entity = Entitäten
layout-flow = Fluss
layout-time = Zeit
layout-force = Kräften
layout-manual = Hand
fold-peels = Peel Chain aus { $n } Transaktionen
fold-joins = { $n } CoinJoins
parts = { $n ->
    [one] { $n } Teil
   *[other] { $n } Teile
    }
nodes = { $n ->
    [one] { $n } Knoten
   *[other] { $n } Knoten
    }
movements = { $n ->
    [one] { $n } Bewegung
   *[other] { $n } Bewegungen
    }
inside = { $n } darin
more-assets = { $n ->
    [one] { $n } weiteres Asset
   *[other] { $n } weitere Assets
    }
and = und
and-more = und { $n } weitere
nothing = nichts
unknown = unbekannt
itself = sich selbst (Wechselgeld)
smallest-units = { $amount } kleinste Einheiten von { $unit }
units-of = Einheiten von { $unit }
amount-unknown-of = Betrag unbekannt ({ $unit })
at-least = mindestens { $amount }
bad-amount = Ein Betrag besteht aus Ziffern mit höchstens einem Punkt, etwa 0.5.
bad-decimals = { $unit } hat { $n } Dezimalstellen.
bad-day = { $field }: schreiben Sie einen Tag als 2026-11-26.
time-unknown = Zeit unbekannt
time = Zeit
edge-marked = { $amount } verfolgt
edge-all-marked = { $amount }, ganz verfolgt
edge-part-marked = { $amount } von { $whole } verfolgt ({ $share })
rest-more = +{ $n } weitere
rest-others = andere, nicht aufgeführt
rest-unlisted = { $n ->
    [one] { $n } Bewegung nicht aufgeführt
   *[other] { $n } Bewegungen nicht aufgeführt
    }
rest-at-least = { $what }, mindestens { $sum }
rest-amount-unknown = { $what }, Betrag unbekannt
not-drawn-before = davor nicht gezeichnet: { $rest }
not-drawn-after = danach nicht gezeichnet: { $rest }
has-note = Notiz: { $note }
edge-sentence = { $sum } von { $from } an { $to } in { $link ->
    [payment] { $n ->
    [one] { $n } Bewegung
   *[other] { $n } Bewegungen
    }
    [swap] einem Swap
    [bridge] einer Bridge
   *[other] einer abgeleiteten Verbindung
    }
summary = { $nodes ->
    [one] { $nodes } Knoten
   *[other] { $nodes } Knoten
    }, { $edges ->
    [one] { $edges } Kante
   *[other] { $edges } Kanten
    } aus { $movements ->
    [one] { $movements } Bewegung
   *[other] { $movements } Bewegungen
    }
summary-hidden = durch Filter ausgeblendet: { $nodes ->
    [one] { $nodes } Knoten
   *[other] { $nodes } Knoten
    }, { $movements ->
    [one] { $movements } Bewegung
   *[other] { $movements } Bewegungen
    } über { $sum }
summary-undecided = { $n ->
    [one] { $n } Bewegung
   *[other] { $n } Bewegungen
    } mit unbekannter Zeit oder unbekanntem Betrag angezeigt
summary-mixed = { $n ->
    [one] { $n } Transaktion bleibt ein Knoten
   *[other] { $n } Transaktionen bleiben Knoten
    }, weil mehrere einzahlen oder die Zahlenden nicht nachgeschlagen wurden
tree-received = empfing { $sum }
tree-paid = zahlte { $sum }
undated = { $n ->
    [one] { $n } Bewegung
   *[other] { $n } Bewegungen
    } ohne Zeit
keys-look = Ansicht
keys-follow = Verfolgen
keys-arrange = Anordnen
keys-select = Auswählen
keys-change = Ändern
keys-file = Speichern und Dateien
keys-mouse = Ziehen bewegt das Bild oder Knoten; Umschalt und Ziehen zeichnet ein Lasso; das Rad zoomt; ein Doppelklick erweitert; ein Rechtsklick öffnet das Menü.
action-in = Vergrößern
action-out = Verkleinern
action-fit = Alles einpassen
action-one = Volle Größe
action-fitselected = Auswahl einpassen
action-panl = Nach links
action-panr = Nach rechts
action-panu = Nach oben
action-pand = Nach unten
action-find = Im Graphen suchen
action-minimap = Übersichtskarte
action-panel = Seitenleiste
action-details = Einzelheiten
action-tree = Baum
action-table = Tabelle
action-dust = Dust ausblenden
action-filter = Filter
action-level = Ebene: Transaktionen, Adressen, Entitäten
action-folds = Peel Chains und CoinJoins zusammenfassen
action-play = Durch die Zeit abspielen oder anhalten
action-earlier = Einen Moment früher
action-later = Einen Moment später
action-zone = Zeiten in UTC oder Ortszeit
action-add = Zum Graphen hinzufügen
action-expand = Beide Seiten erweitern
action-expandout = Erweitern, wohin es ging
action-expandin = Erweitern, woher es kam
action-expandby = Erweitern nach Betrag, Zeit, Asset oder Kategorie
action-collapse = Einklappen: entfernen, was nur daran hängt
action-followout = Der größten Zahlung folgen
action-followin = Der größten Zahlung zurück folgen
action-trace = Das Geld verfolgen
action-paths = Pfade zwischen zweien
action-between = Zahlungen zwischen den ausgewählten
action-explain = Warum ein Eigentümer
action-right = Dorthin gehen, wohin am meisten ging
action-left = Dorthin gehen, woher am meisten kam
action-up = Zum größeren Nachbarn gehen
action-down = Zum kleineren Nachbarn gehen
action-flow = Nach Fluss anordnen
action-time = Nach Zeit anordnen
action-force = Nach Kräften anordnen
action-movel = Nach links bewegen
action-mover = Nach rechts bewegen
action-moveu = Nach oben bewegen
action-moved = Nach unten bewegen
action-pin = An seinem Platz halten
action-unpin = Von Anordnungen bewegen lassen
action-all = Alle auswählen
action-invert = Alle anderen auswählen
action-linked = Auch Nachbarn auswählen
action-alike = Alle dieser Kategorie auswählen
action-lasso = Lasso
action-none = Nichts auswählen
action-undo = Rückgängig
action-redo = Wiederholen
action-remove = Aus dem Bild nehmen
action-note = Notiz
action-freenote = Freie Notiz
action-label = Eigenes Label
action-colour = Nächste Farbe
action-colourway = Nächste Farbe eines ganzen Pfads
action-group = Gruppieren
action-ungroup = Gruppe auflösen
action-copy = Adresse oder Kennung kopieren
action-save = In einem Fall speichern
action-versions = Versionen
action-share = Link zu diesem Graphen kopieren
action-case = Zu einem Fall hinzufügen
action-png = Bild (PNG)
action-svg = Bild (SVG)
action-pdf = Drucken oder PDF
action-csv = Bewegungen (CSV)
action-graphml = Graph (GraphML)
action-bundle = Signiertes Paket
action-json = Protokoll dieses Graphen (JSON)
action-menu = Menü der Auswahl
action-help = Tasten
bar-in = +
bar-out = −
bar-fit = Einpassen
bar-expand = Erweitern
bar-followout = Folgen
bar-trace = Verfolgen
bar-flow = Anordnen
bar-folds = Zusammenfassen
bar-save = Speichern
toolbar = Graph
export = Exportieren
menu = Auswahl
legend = Risiko eines Knotens und des Geldes, das ihn verließ
legend-crossing = Swap oder Bridge
stage = Bild des Graphen. Pfeiltasten gehen am Geld entlang, Enter erweitert, das Fragezeichen zeigt alle Tasten; der Baum daneben sagt dasselbe.
graph = Graph
graph-of = Graph von { $subject }
do-look-up = nachschlagen
do-add = { $n } hinzufügen
do-remove = { $n } entfernen
do-move = { $n } bewegen
do-mark = Farbe, Notiz oder Label
do-group = gruppieren
do-expand = { $n } erweitern
do-arrange = anordnen nach { $layout }
do-trace = verfolgen { $direction } nach { $policy }
do-paths = Pfade
do-between = Zahlungen dazwischen
do-explain = warum ein Eigentümer
do-open-old = einen Graphen der Version 1 öffnen
do-set-level = Ebene
do-set-layout = Anordnung
do-set-folds = zusammenfassen
do-set-filter = Filter
work-look-up = Nachschlagen
work-open = Öffnen
work-save = Speichern
work-trace = Verfolgen
work-paths = Suchen
work-arrange = Anordnen
work-copy = Kopieren
work-export = Schreiben
work-bundle = Sammeln und Signieren
loading = Laden …
say-undone = Rückgängig gemacht: { $what }.
say-redone = Wiederholt: { $what }.
say-nothing-to-undo = Nichts rückgängig zu machen.
say-nothing-to-redo = Nichts zu wiederholen.
say-select-node = Wählen Sie zuerst einen Knoten.
say-select-subject = Wählen Sie zuerst eine Adresse, eine Entität oder eine Transaktion.
say-select-address = Wählen Sie zuerst eine Adresse.
say-select-two = Wählen Sie zuerst genau zwei Adressen.
say-select-of-one-chain = Wählen Sie zuerst 2 bis 100 Adressen einer Chain.
say-selected = { $n } ausgewählt.
say-impossible = { $name }: jetzt nicht möglich.
say-impossible-select = { $name }: jetzt nicht möglich; wählen Sie zuerst einen Knoten.
say-no-further = In dieser Richtung ist nichts gezeichnet.
say-followed = Gefolgt bis { $name }.
say-expanded = { $n ->
    [one] { $n } neuer Knoten.
   *[other] { $n } neue Knoten.
    }
say-failed-again = { $n ->
    [one] { $n } Abfrage ist fehlgeschlagen
   *[other] { $n } Abfragen sind fehlgeschlagen
    }; tun Sie es noch einmal, um wieder zu fragen.
say-collapsed = { $n } entfernt; ihr Geld steht in dem, was ausgelassen ist.
say-nothing-collapses = Nichts hängt nur daran.
say-removed = { $n } entfernt; ihr Geld steht in dem, was Nachbarn auslassen.
say-in-graph = Es ist im Graphen.
say-added = { $n ->
    [one] { $n } Knoten hinzugefügt.
   *[other] { $n } Knoten hinzugefügt.
    }
say-not-found = Nicht gefunden: { $list }.
say-ambiguous = Mehrere Bedeutungen, die erste wurde genommen: { $list }.
say-type-something = Geben Sie eine Adresse, eine Transaktion oder einen Namen ein.
say-too-many = { $n } Einträge wurden eingefügt; höchstens 1.000 werden auf einmal hinzugefügt.
say-too-many-items = Höchstens 50 Einträge werden auf einmal einem Fall hinzugefügt.
say-more-items = { $n } weitere Einträge sind nicht gezeichnet.
say-nothing-to-start = In { $what } { $id } steht nichts, was auf einer Chain ist.
say-started = { $n } aus { $what } { $id }.
say-traced = Trace nach { $policy }:
say-trace-left = { $n ->
    [one] { $n } Knoten
   *[other] { $n } Knoten
    } des Trace nicht gezeichnet.
say-whole-values = Ganze Werte von { $n } Transaktionen konnten nicht gelesen werden.
say-no-path = Kein Pfad zwischen ihnen innerhalb der Grenzen der Suche.
say-paths = Pfade gezeichnet.
say-between = { $n ->
    [one] { $n } Zahlung
   *[other] { $n } Zahlungen
    } zwischen ihnen gezeichnet.
say-more-between = { $n } weitere sind nicht aufgeführt.
say-none-between = Das Ledger hat keine Zahlung zwischen ihnen.
say-joined = Eines Eigentümers nach { $n ->
    [one] { $n } Schritt
   *[other] { $n } Schritten
    }: { $how }.
say-not-joined = Nichts spricht dafür, dass sie einem Eigentümer gehören.
say-arranged = Angeordnet nach { $layout }.
say-lasso = Lasso: ziehen Sie um Knoten.
say-no-lasso = Lasso aus.
say-utc = Zeiten in UTC.
say-local = Zeiten in Ihrer Zone.
say-copied = Kopiert.
say-file = { $format } geschrieben.
say-file-selected = { $format } der { $n } ausgewählten geschrieben.
say-saved = Im Fall { $id } als Version { $version } gespeichert, Eintrag { $item }.
say-conflict = Nicht gespeichert: { $why } Laden Sie die neuere Version, oder speichern Sie unter einem anderen Titel.
say-not-saved = Speichern Sie den Graphen zuerst in einem Fall.
say-versions = { $n ->
    [one] { $n } Version.
   *[other] { $n } Versionen.
    }
say-shared = Der Link zu Version { $version } ist kopiert.
say-shared-subject = Der Link zum Ausgangspunkt ist kopiert; speichern Sie den Graphen, um das Gezeichnete zu teilen.
say-reloaded = Version { $version } ist gezeichnet.
say-in-case = { $n } zum Fall { $id } hinzugefügt (Eintrag { $items }).
say-tagged = Als { $label } getaggt.
say-bundled = Paket aus { $transactions } Transaktionen und { $addresses } Adressen geschrieben.
say-tick-first = Haken Sie zuerst Zeilen an.
say-opened = Der Graph, wie er gespeichert wurde.
say-opened-version = Version { $version }.
say-empty = Fügen Sie eine Adresse, eine Transaktion oder einen Namen hinzu, oder fügen Sie bis zu 1.000 davon ein.
say-replay = Wie es { $at } war: { $summary }
say-replay-end = Wie es ist: { $summary }
say-no-times = Keine Bewegung hier hat eine Zeit.
saved-unreadable = Der gespeicherte Graph hat eine Form, die diese Version nicht liest.
api-status = Der Server hat auf { $path } mit { $status } geantwortet.
no-canvas = Dieser Browser hat keine Zeichenfläche.
picture-too-large = Das Bild ist für diesen Browser zu groß; das SVG hat keine solche Grenze.
newer = { $by } hat Version { $version } dieses Graphen gespeichert.
newer-load = Laden
newer-keep = Meine behalten
set = Setzen
apply = Anwenden
close = Schließen
name = Name
title = Titel
case = Fall
asset = Asset
asset-all = alle
category = Kategorie
category-example = Börse
chain = Chain
direction = Richtung
policy = Verfahren
policy-haircut = Haircut (anteilig)
policy-fifo = first in, first out
policy-lifo = last in, first out
policy-poison = Poison (alles)
sort = Sortierung
sort-amount = größte zuerst
sort-newest = neueste zuerst
sort-oldest = älteste zuerst
side = Seite
side-out = wohin es ging
side-in = woher es kam
side-both = beide
by = Gezählt nach
by-address = Adresse
by-entity = Entität
by-transaction = Transaktion
least-amount = Mindestbetrag
from-day = Ab Tag (UTC)
until-day = Bis Tag (UTC)
note-title = Notiz
note-field = Notiz (leer entfernt sie)
group-title = Gruppe
group-button = Gruppieren
trace-title = Das Geld verfolgen
trace-button = Verfolgen
trace-forward = vorwärts
trace-backward = rückwärts
trace-hops = Höchstens so viele Transaktionen entfernt
trace-edges = Höchstens so viele Bewegungen
trace-no-bound = die Grenze des Servers
trace-services = Durch Dienste hindurch weiter
trace-needs-asset = Erweitern Sie zuerst die Adresse, damit ihre Assets bekannt sind.
expand-title = Innerhalb von Grenzen erweitern
expand-button = Erweitern
expand-most = Höchstens so viele Knoten je Seite
expand-category = Nur diese Kategorien (zwischen Kommas)
expand-needs-asset = Ein Mindestbetrag braucht ein Asset.
filter-title = Filter
filter-show = { $unit } zeigen
filter-least = Mindestens je Bewegung
filter-most = Höchstens
filter-least-of = Mindestens { $unit }
filter-most-of = Höchstens { $unit }
filter-risk = Kanten, die bei Risiko beginnen oder enden
filter-categories = Kategorien ausblenden
filter-dust = Dust ausblenden: unter 546 Basiseinheiten BTC, ein Tausendstel einer Einheit anderer Assets
filter-all = Alles zeigen
add-title = Zum Graphen hinzufügen
add-button = Hinzufügen
add-field = Adressen, Transaktionen oder Namen; eine bis 1.000
add-file = Oder eine CSV- oder Textdatei
add-placeholder = Adresse, Transaktion oder Name hinzufügen
file-too-large = Die Datei ist größer als 1 MB.
found = Gefunden
found-count = { $n } gefunden
find-all = Alle gefundenen auswählen
save-title = In einem Fall speichern
save-button = Speichern
save-next = Version { $version } speichern
versions-title = Versionen dieses Graphen
versions-row = Version { $version }, von { $by }, { $at }
versions-this = (diese)
case-title = { $n ->
    [one] Zu einem Fall hinzufügen
   *[other] { $n } zu einem Fall hinzufügen
    }
case-button = Hinzufügen
case-why = Was es ist, oder warum
tag-title = Eigenes Label
tag-button = Setzen
tag-label = Label
tag-source = Quelle: woher Sie es wissen
tag-source-example = Bericht vom 2026-11-26, URL, Fall 12
tag-category = Kategorie
tag-confidence = Sicherheit
tag-for-desk = Tag für den ganzen Arbeitsplatz (sonst nur in diesem Graphen)
confidence-unknown = nicht bewertet
confidence-heuristic = Heuristik
confidence-web_crawl = im Web gefunden
confidence-forensic = forensischer Bericht
confidence-manual_transaction = eigene Transaktion damit
confidence-ownership = nachgewiesenes Eigentum
panel = Leiste
panel-about = Auswahl, Baum und Tabelle
panel-empty = Wählen Sie einen Knoten oder eine Kante, mit der Maus, mit Tab und Pfeilen oder im Baum. ? zeigt alle Tasten.
stands-for = Steht für
inside-it = Darin
inside-text = { $sum } in { $n ->
    [one] { $n } Bewegung
   *[other] { $n } Bewegungen
    }
do-case-short = Zum Fall hinzufügen
do-tag-short = Label
do-trace-short = Verfolgen
do-expandby-short = Erweitern nach …
open-page = Seite öffnen
watch = Beobachten
flag = Markierung setzen
about-tags = Tags und Eigentümer
about-entity = Eine von { $n } Adressen von { $name }.
about-no-tags = Kein Tag nennt sie.
about-exposure = Exposure
about-activity = Aktivität
about-counterparties = Gegenparteien im Ledger
nothing-known = Nichts ist bekannt.
received-from = Empfangen von (gezeichnet)
paid-to = Gezahlt an (gezeichnet)
nothing-drawn = Nichts ist gezeichnet.
not-looked-up = Nicht nachgeschlagen.
more-in-table = { $n } weitere in der Tabelle.
more-rows = { $n } weitere Zeilen
first-rows = Die ersten { $n } von { $all }; die CSV-Datei hat alle.
filter-rows = Zeilen filtern
tick = { $name } anhaken
add-ticked = Angehakte hinzufügen
in-movements = in { $n ->
    [one] { $n } Bewegung
   *[other] { $n } Bewegungen
    }
rows-total = Zusammen: { $sum }.
rows-rest = Nicht aufgeführt: { $n ->
    [one] { $n } Zeile
   *[other] { $n } Zeilen
    }, { $sum }.
row-created = erzeugt (geschürft oder geprägt)
row-destroyed = vernichtet
row-fee = Gebühren
row-unknown = nicht bekannt
row-address = Adresse
row-entity = Entität
row-transaction = Transaktion
exposure-source = Woher ihr Geld kam
exposure-destination = Wohin ihr Geld ging
exposure-parts = direkt { $direct }, indirekt { $indirect }
exposure-rest = { $share } % gehören zu keiner bekannten Kategorie.
activity-said = Empfing { $received } und sandte { $sent } von { $from } bis { $to }.
as-table = Als Tabelle
column-from = Von
column-to = An
column-amount = Betrag
column-movements = Bewegungen
column-first = Erste
column-last = Letzte
column-marked = Verfolgt
column-who = Wer
column-count = Anzahl
column-label = Label
column-category = Kategorie
column-source = Quelle
column-confidence = Sicherheit
column-updated = Aktualisiert
column-month = Monat
column-received = Empfangen
column-sent = Gesendet
selected = { $n } ausgewählt
between-them = Zwischen ihnen
no-edge-between = Keine gezeichnete Kante.
in-common = Gemeinsam
no-common = Kein gezeichneter Nachbar aller.
same-entity = Derselben Entität
entity-of = { $name }: { $n } davon
span-of = Bewegungen von { $first } bis { $last }.
tree-about = Der Graph als Baum
shown-from = Gezeigt ab
shown-until = Gezeigt bis
shown-range = { $from } bis { $to }
replay-play = Abspielen
replay-stop = Anhalten
replay-at = wie es { $at } war
print-by = Gedruckt von { $by }, { $at }
print-nobody = dieser Arbeitsplatz
print-more = { $n } weitere Kanten stehen in der CSV-Datei.
action-crossings = Swaps und Bridges
say-select-account = Wählen Sie zuerst eine Adresse einer kontenbasierten Chain.
say-crossings =
    { $n ->
        [one] { $n } Swap oder Bridge
       *[other] { $n } Swaps und Bridges
    } gezeichnet.
say-half-crossings = Von { $n } ist nur ein Ende bekannt.
say-more-crossings = Ältere sind nicht aufgeführt.
entity-members = Adressen
entity-within = Zwischen den eigenen
key-space = Leertaste
say-nowhere = Auf keiner Chain, die dieser Arbeitsplatz speichert: { $list }.
worth-unknown = Preis unbekannt
worth-now = { $value } zum jetzigen Preis
worth-unread = Die Preistabelle konnte nicht gelesen werden.
drawn-sum = Gezeichnet: { $sum }
about-figures = Zahlen über die ganze Kette
figures-as-of = { $name }, Stand Block { $height }
