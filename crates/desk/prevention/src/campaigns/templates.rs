//! Texts of campaigns' messages by scam and language: shipped ones, and those that a person wrote.

use super::*;

/// A message's text by scam and language. `{partner}` is replaced by the partner's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Scam.
    pub scam: Scam,
    /// Language, BCP 47.
    pub lang: String,
    /// Version; 0 is what Holdfast ships with.
    #[serde(default)]
    pub version: u32,
    /// Subject.
    pub subject: String,
    /// Text.
    pub body: String,
}

/// Returns the language of the message that a customer reads best, of those that messages are there in: the customer's own, else the one
/// of the country, else English.
#[must_use]
pub fn lang_of(own: Option<&str>, country: Option<&str>, there: &[String]) -> String {
    let there = || there.iter().map(String::as_str);
    let found = own.and_then(|l| best(l, there())).or_else(|| best(of_country(country.unwrap_or_default()), there()));
    found.unwrap_or("en").to_owned()
}

/// Returns the message that is shipped for a campaign, in addition to the warning's own text.
pub(super) fn shipped(scam: Scam, lang: &str) -> Template {
    let (title, message) = scam.words(lang);
    let rest = match lang {
        "es" => {
            "Le avisamos junto con {partner}. Si ya pagó, deje de pagar, guarde mensajes y direcciones, avísenos por la aplicación y denuncie ante {partner}. Nadie de nosotros le pedirá nunca dinero, palabras o contraseñas por un mensaje."
        }
        "de" => {
            "Wir warnen Sie gemeinsam mit {partner}. Wenn Sie schon gezahlt haben: Zahlen Sie nicht weiter, bewahren Sie Nachrichten und Adressen auf, sagen Sie es uns in der App und zeigen Sie es bei {partner} an. Niemand von uns verlangt je Geld, Wörter oder Passwörter in einer Nachricht."
        }
        _ => {
            "We tell you together with {partner}. If you have paid: stop paying, keep messages and addresses, tell us in the app and report it to {partner}. Nobody of us ever asks for money, words or passwords in a message."
        }
    };
    Template { scam, lang: lang.to_owned(), version: 0, subject: title, body: format!("{message}\n\n{rest}") }
}

impl Prevention<'_> {
    /// Returns the languages in which there are messages about a scam, sorted.
    ///
    /// # Errors
    /// [`PreventionError`] when the database cannot be read.
    pub fn template_languages(&self, scam: Scam) -> Result<Vec<String>, PreventionError> {
        let sql = "SELECT DISTINCT lang FROM campaign_templates WHERE scam = $1";
        let rows = self.read(|db| db.query(sql, &[scam.name().into()]))?;
        let mut all: Vec<String> = rows.iter().map(|r| r.text(0).map(str::to_owned)).collect::<Result<_, _>>()?;
        all.extend(LANGUAGES.map(str::to_owned));
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Returns the text of a scam's messages in a language, or in the one that fits it best; its `lang` names which.
    ///
    /// # Errors
    /// [`PreventionError::Invalid`] when the language is not one.
    pub fn template(&self, scam: Scam, lang: &str) -> Result<Template, PreventionError> {
        language_ok("lang", lang)?;
        let there = self.template_languages(scam)?;
        let lang = best(lang, there.iter().map(String::as_str)).unwrap_or("en");
        let sql = "SELECT version, subject, body FROM campaign_templates WHERE scam = $1 AND lang = $2 ORDER BY version DESC LIMIT 1";
        let rows = self.read(|db| db.query(sql, &[scam.name().into(), lang.into()]))?;
        match rows.first() {
            None => Ok(shipped(scam, lang)),
            Some(row) => Ok(Template {
                scam,
                lang: lang.to_owned(),
                version: row.number(0)?,
                subject: row.text(1)?.to_owned(),
                body: row.text(2)?.to_owned(),
            }),
        }
    }

    /// Stores a new version of a scam's message, which is in force from then on.
    ///
    /// # Errors
    /// [`PreventionError::Invalid`] for a wrong subject or text.
    pub fn set_template(&self, new: Template, actor: &str) -> Result<Template, PreventionError> {
        language_form_ok("lang", &new.lang)?;
        for (field, text, most) in [("subject", &new.subject, 200), ("body", &new.body, 8_000)] {
            if text.trim().is_empty() || text.len() > most || text.contains('\0') {
                return Err(invalid(field, format!("1 to {most} bytes")));
            }
        }
        if new.subject.contains(['\n', '\r']) {
            return Err(invalid("subject", "one line".into()));
        }
        // Messages of scammers have links; these never do.
        if ["http://", "https://", "www."].iter().any(|l| new.body.to_ascii_lowercase().contains(l)) {
            return Err(invalid("body", "no links: customers are taught not to follow them".into()));
        }
        self.transact(actor, move |tx| {
            let sql = "SELECT COALESCE(MAX(version), 0) FROM campaign_templates WHERE scam = $1 AND lang = $2";
            let rows = tx.db().query(sql, &[new.scam.name().into(), new.lang.as_str().into()])?;
            let version = rows.first().map_or(Ok(0), |r| r.number::<u32>(0))? + 1;
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            let row = [
                new.scam.name().into(),
                new.lang.as_str().into(),
                i64::from(version).into(),
                new.subject.as_str().into(),
                new.body.as_str().into(),
                now.into(),
                actor.into(),
            ];
            let sql = "INSERT INTO campaign_templates (scam, lang, version, subject, body, added, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7)";
            tx.db().execute(sql, &row)?;
            let subject = format!("template:{}:{}", new.scam.name(), new.lang);
            tx.audit("campaign.template", &subject, &json!({ "version": version }).to_string());
            Ok(Template { version, ..new })
        })
    }
}
