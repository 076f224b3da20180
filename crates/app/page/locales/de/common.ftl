# Head, navigation, and words that several pages share.
nav-desk = Arbeitsplatz
nav-skip = Zum Inhalt springen
nav-menu = Menü
nav-close = Schließen
nav-group-own = Meine Arbeit
nav-group-investigate = Ermitteln
nav-group-monitor = Überwachen
nav-group-respond = Beantworten
nav-group-report = Berichten
nav-group-share = Teilen
nav-group-prevent = Vorbeugen
nav-group-train = Schulen
nav-group-administer = Verwalten
nav-group-person = Ihr Konto
nav-graph = Explorer
nav-chains = Kontenbasierte Chains
nav-portal = Portal
nav-labs = Ihre Übungen
nav-sign-in = Anmelden
nav-api = API
nav-requests = Ersuchen
nav-cases = Fälle
nav-alerts = Alarme
nav-holds = Sperren
nav-events = Ereignisse
nav-customers = Kunden
nav-rules = Regeln
nav-webhooks = Webhooks
nav-warnings = Warnungen
nav-campaigns = Kampagnen
nav-officers = Ermittlungspersonen
nav-seizures = Einziehungen
nav-sharing = Austausch
nav-recommendations = Empfehlungen
nav-changes = Änderungen
nav-academy = Akademie
nav-people = Personen
nav-jobs = Aufträge
nav-audit = Auditprotokoll
nav-sessions = Sitzungen
nav-transparency = Transparenzbericht
nav-courses = Kurse
nav-field-guide = Feldhandbuch

common-search = Suchen
common-search-label = Adresse, Transaktion, Block oder Name
common-search-hint = Adresse, Transaktion, Name
common-home = Startseite
common-ways-on = Suchen Sie oben, oder gehen Sie zur { $home }.
common-error = Anfrage fehlgeschlagen
common-error-not-found = Nicht gefunden
common-error-no-page = Unter { $path } gibt es keine Seite.
common-error-method = An diese Adresse werden Formulare gesendet; eine Seite zum Öffnen gibt es dort nicht.
common-error-query = Dieser Link ist unvollständig, oder ein Teil davon ist falsch: { $cause }.
common-error-form = Wenn Sie ein Formular abgeschickt haben, gehen Sie im Browser zurück, um es zu berichtigen: Ihre Eingaben sind noch da.
common-key-for = Schlüssel von { $name }. Ein neuer Schlüssel ersetzt ihn.
common-key-once = Er wird nur einmal angezeigt.
common-show = Anzeigen
common-next-page = Nächste Seite
common-none = Keine.
common-nobody = niemand

common-sign-in = Anmelden
common-sign-out = Abmelden
common-continue = Weiter
common-send = Senden
common-save = Speichern
common-add = Hinzufügen
common-attach = Anhängen
common-approve = Genehmigen
common-suspend = Aussetzen
common-withdraw = Zurückziehen

common-kind = Art
common-process = Rechtsgrundlage
common-due = Fällig
common-state = Status
common-agency = Behörde
common-country = Land
common-customer = Kunde
common-decision = Entscheidung
common-reason = Grund
common-text = Text
common-note = Notiz
common-typology = Typologie
common-amount = Betrag
common-asset = Asset
common-address = Adresse
common-time = Zeit
common-from = Von
common-to = An
common-graph = Graph
common-files = Dateien
common-messages = Nachrichten
common-by = von { $person }
common-time-by = { $time } von { $person }
common-file-facts = { $size } Byte, SHA-256 { $hash }

form-itself = Formular
form-file = Datei
form-choose-file = Datei auswählen
form-missing = Angabe fehlt
form-no-number = „{ $text }“ ist keine ganze Zahl
form-none-of = { $field }: „{ $text }“ ist keiner der Werte { $values }
form-no-flag = „{ $text }“ ist weder true noch false
form-no-token = ungültig; laden Sie die Seite neu und senden Sie das Formular dann noch einmal

sign-in-title = Anmelden
sign-in-intro = Für die Seiten des Arbeitsplatzes ist ein Schlüssel nötig. Schlüssel erstellt die Administration, den ersten auf dem Rechner des Servers mit { $command }.
sign-in-key = Schlüssel
sign-in-refused = das ist kein Schlüssel dieses Arbeitsplatzes
sign-in-late = die Anmeldung hat zu lange gedauert; melden Sie sich noch einmal mit Ihrem Schlüssel an

passkey-waiting = Warten auf Ihr Gerät.
passkey-none = Dieser Browser hat hier keine Passkeys; verwenden Sie eine Authenticator-App.
passkey-silent = Das Gerät hat nicht geantwortet. Versuchen Sie es noch einmal.

common-chain-height = { $chain } bis Block { $height }
common-chain-empty = { $chain }, bisher ohne Block
common-unknown = unbekannt
common-yes = ja
common-no = nein

# Counts with their nouns.
count-addresses = { $n ->
    [one] { $n } Adresse
   *[other] { $n } Adressen
}
count-cases = { $n ->
    [one] { $n } Fall
   *[other] { $n } Fälle
}
count-customers = { $n ->
    [one] { $n } Kunde
   *[other] { $n } Kunden
}
count-days = { $n ->
    [one] { $n } Tag
   *[other] { $n } Tage
}
count-ends = { $n ->
    [one] { $n } Ende
   *[other] { $n } Enden
}
count-findings = { $n ->
    [one] { $n } Fund
   *[other] { $n } Funde
}
count-hints = { $n ->
    [one] { $n } Hinweis
   *[other] { $n } Hinweise
}
count-hours = { $n ->
    [one] { $n } Stunde
   *[other] { $n } Stunden
}
count-items = { $n ->
    [one] { $n } Eintrag
   *[other] { $n } Einträge
}
count-labs = { $n ->
    [one] { $n } Übung
   *[other] { $n } Übungen
}
count-minutes = { $n ->
    [one] { $n } Minute
   *[other] { $n } Minuten
}
count-outputs = { $n ->
    [one] { $n } Output
   *[other] { $n } Outputs
}
count-points = { $n ->
    [one] { $n } Punkt
   *[other] { $n } Punkte
}
count-seconds = { $n ->
    [one] { $n } Sekunde
   *[other] { $n } Sekunden
}
count-secrets = { $n ->
    [one] { $n } Geheimnis
   *[other] { $n } Geheimnisse
}
count-sheets = { $n ->
    [one] { $n } Bogen
   *[other] { $n } Bögen
}
count-times = { $n ->
    [one] einmal
   *[other] { $n }-mal
}

common-language = Sprache
common-meant = Meinten Sie eine dieser Seiten?
common-list-comma = ,{" "}
common-classification = VERTRAULICH
common-printed-by = gedruckt von { $person }

common-to-case = Zu einem Fall hinzufügen
common-case-number = Fall (leer: ein neuer)
common-case-title = Titel eines neuen Falls
common-by-whom = Person

common-actions = Aktionen
charts-table = Tabelle
charts-unknown = unbekannt
charts-left-out = Nicht darin: { $what }.
common-watch = Beobachten
common-flag = Markierung setzen
common-worth-unknown = Preis unbekannt
common-worth-then = damals { $value }
common-worth-now = { $value } zum jetzigen Preis
common-to-new-case = In einen neuen Fall
sign-on-button = Mit dem Konto Ihrer Organisation anmelden
sign-on-continue = Weiter
