# The officers' portal.
portal-nav = Portal
portal-home-title = Ihre Ersuchen
portal-home-none = Sie haben noch kein Ersuchen gesendet.
portal-home-reference = Aktenzeichen

portal-sign-in-title = Portal für Ersuchen
portal-sign-in-heading = Portal für Ersuchen von Strafverfolgungsbehörden
portal-sign-in-intro = Geben Sie Ihre dienstliche E-Mail-Adresse ein. Sie muss zu einer Maildomain Ihrer Behörde gehören, die die Börse geprüft hat. Sie erhalten einen Code per E-Mail.
portal-sign-in-email = Dienstliche E-Mail-Adresse
portal-sign-in-name = Name (nur beim ersten Mal)
portal-sign-in-button = Code senden

portal-code-title = Ihr Code
portal-code-intro = Wenn { $email } zugelassen ist, wurde ein Code per E-Mail dorthin gesendet. Der Code gilt einmal, 15 Minuten lang. Ein weiterer kann nach drei Minuten gesendet werden.
portal-code-label = Code
portal-code-again = Eine andere Adresse verwenden oder einen neuen Code anfordern

portal-factor-title = Zweiter Faktor
portal-factor-passkey = Passkey verwenden
portal-factor-app = Oder eine Authenticator-App
portal-factor-intro = Fügen Sie dieses Geheimnis Ihrer Authenticator-App hinzu und geben Sie dann den Code ein, den die App anzeigt. Das Geheimnis wird nur einmal angezeigt.
portal-factor-open = In der App öffnen
portal-factor-secret = { $link }, oder geben Sie das Geheimnis ein: { $secret }
portal-factor-code = Code der App

portal-passkey-intro = Ein Passkey liegt auf Ihrem Computer, Telefon oder Sicherheitsschlüssel und wird mit Fingerabdruck oder PIN freigegeben. Er gilt nur auf dieser Website; keine andere kann ihn erlangen.
portal-passkey-name = Name des Geräts
portal-passkey-default-name = mein Gerät
portal-passkey-add = Passkey hinzufügen

portal-waiting-title = Warten auf Genehmigung
portal-waiting-text = Ihre Adresse und Ihr zweiter Faktor sind geprüft. Als Nächstes genehmigt eine Person der Börse Ihren Zugang; Sie erhalten dann eine E-Mail.

portal-me-title = Profil und Schlüssel
portal-me-intro = Antworten werden für diese Schlüssel verschlüsselt. Erstellen Sie einen mit { $command }; der geheime Teil bleibt bei Ihnen.
portal-me-recipients = age-Empfänger, einer pro Zeile
portal-me-passkeys = Passkeys
portal-me-passkey = { $name }, seit { $created }
portal-me-passkey-used = zuletzt verwendet { $used }
portal-me-passkey-remove = { $name } entfernen
portal-me-app = Zusätzlich eine Authenticator-App einrichten

portal-new-title = Neues Ersuchen
portal-new-sender = Von { $name }, { $agency }.
portal-new-token = Formular
portal-new-reference = Ihr Aktenzeichen
portal-new-kind = Art des Ersuchens
portal-new-process = Rechtsgrundlage
portal-new-targets = Gegenstände des Ersuchens
portal-new-more = Bis zu { $rows } weitere
portal-new-rows = jede Zeile braucht alle ihre Angaben
portal-new-target = Art des Gegenstands
portal-new-value = Wert
portal-new-asset = Asset, falls vorhanden
portal-new-from = Von (IP-Adressen; UTC)
portal-new-to = Bis
portal-new-scope = Eingrenzung (Zeiten in UTC)
portal-new-scope-from = Zeitraum von
portal-new-scope-to = Zeitraum bis
portal-new-accounts = Konten
portal-new-assets = Assets
portal-new-classes = Datenarten (nicht bei Sicherstellungen und Einziehungen)
portal-new-states = Die Anordnung ist oder besagt
portal-new-emergency = Dringend, wie die Rechtsgrundlage es bestimmt
portal-new-gag = Den Nutzer nicht benachrichtigen bis
portal-new-statement = Gründe

portal-class-subscriber = Bestandsdaten: Name, Geburt, Wohnsitz, E-Mail, Telefon
portal-class-kyc = Unterlagen und Ergebnisse der Identitätsprüfung (KYC)
portal-class-access = IP-Adressen und Geräte, um den Nutzer zu identifizieren
portal-class-transactions = Einzahlungen, Auszahlungen, Handel, Zahlungen
portal-class-balances = Kontostände
portal-class-instruments = Karten und Bankkonten
portal-class-content = Nachrichten an den Support

portal-state-judge = von einem Richter oder Gericht erlassen
portal-state-prosecutor = von der Staatsanwaltschaft erlassen
portal-state-validated = von Richter, Gericht oder Staatsanwaltschaft bestätigt
portal-state-serious-offence = die Straftat ist mit einer Höchststrafe von mindestens drei Jahren bedroht oder steht im Katalog
portal-state-central-authority = von der Zentralen Behörde auf Grund eines Vertrags übermittelt
portal-state-danger = Gefahr für Leib oder Leben, wie in den Gründen dargelegt

portal-request-title = Ersuchen { $reference }
portal-request-sent = Gesendet
portal-request-about = Gegenstände
portal-request-answers = Antworten
portal-request-package-name = Paket { $number }
portal-request-package = { $link }, bis { $until }, für Ihren Schlüssel verschlüsselt; SHA-256 { $hash }
portal-request-no-files = Noch keine Datei. Hängen Sie die Anordnung an.
portal-request-message = Nachricht an die Börse
