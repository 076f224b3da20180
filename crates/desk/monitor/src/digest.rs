//! The text of a watch list's mail, in the language that its owner chose for the desk's pages.

use holdfast_input::language::best;

/// How one language says it. `{list}` is the list's name, `{count}` how many notifications are new, `{link}` the page to read them on.
struct Text {
    /// BCP 47.
    language: &'static str,
    subject: &'static str,
    one: &'static str,
    /// Of several; worded so that it fits all of the language's plural forms.
    several: &'static str,
}

const ENGLISH: Text = Text {
    language: "en",
    subject: "Watch list: {list}",
    one: "Your watch list \"{list}\" has {count} new notification. Sign in to read: {link}\n",
    several: "Your watch list \"{list}\" has {count} new notifications. Sign in to read: {link}\n",
};
const TEXTS: &[Text] = &[
    Text {
        language: "ar",
        subject: "قائمة المراقبة: {list}",
        one: "قائمة المراقبة «{list}»، إشعارات جديدة: {count}. سجّل الدخول لقراءتها: {link}\n",
        several: "قائمة المراقبة «{list}»، إشعارات جديدة: {count}. سجّل الدخول لقراءتها: {link}\n",
    },
    Text {
        language: "de",
        subject: "Beobachtungsliste: {list}",
        one: "Ihre Beobachtungsliste „{list}“ hat {count} neue Meldung. Zum Lesen anmelden: {link}\n",
        several: "Ihre Beobachtungsliste „{list}“ hat {count} neue Meldungen. Zum Lesen anmelden: {link}\n",
    },
    Text {
        language: "es",
        subject: "Lista de vigilancia: {list}",
        one: "Su lista de vigilancia «{list}» tiene {count} notificación nueva. Inicie sesión para leerla: {link}\n",
        several: "Su lista de vigilancia «{list}» tiene {count} notificaciones nuevas. Inicie sesión para leerlas: {link}\n",
    },
    Text {
        language: "fr",
        subject: "Liste de surveillance : {list}",
        one: "Votre liste de surveillance « {list} » a {count} nouvelle notification. Connectez-vous pour la lire : {link}\n",
        several: "Votre liste de surveillance « {list} » a {count} nouvelles notifications. Connectez-vous pour les lire : {link}\n",
    },
    Text {
        language: "zh-Hans",
        subject: "监控名单：{list}",
        one: "您的监控名单“{list}”有 {count} 条新通知。请登录查看：{link}\n",
        several: "您的监控名单“{list}”有 {count} 条新通知。请登录查看：{link}\n",
    },
];

/// Returns subject and text of a mail: in English where the language is not known or none of these.
pub(crate) fn digest(language: Option<&str>, list: &str, count: u64, link: &str) -> (String, String) {
    let there = TEXTS.iter().map(|t| t.language);
    let chosen = language.and_then(|wanted| best(wanted, there));
    let text = chosen.and_then(|tag| TEXTS.iter().find(|t| t.language == tag)).unwrap_or(&ENGLISH);
    // One line of a header, whatever the list is called.
    let title: String = list.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
    let body = if count == 1 { text.one } else { text.several };
    // The list's name, which a person chose, comes last: what it holds in braces is not replaced.
    let body = body.replace("{count}", &count.to_string()).replace("{link}", link).replace("{list}", list);
    (text.subject.replace("{list}", &title), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_says_list_number_and_page() {
        for text in TEXTS.iter().chain([&ENGLISH]) {
            for count in [1, 7] {
                let (subject, body) = digest(Some(text.language), "My {count}\nlist", count, "https://x/n");
                assert!(subject.contains("My {count} list") && !subject.contains('\n'), "{subject}");
                let says = [&count.to_string(), "https://x/n", "My {count}\nlist"].iter().all(|s| body.contains(*s));
                assert!(says && !body.contains("{link}") && !body.contains("{list}"), "{body}");
            }
        }
    }

    #[test]
    fn the_language_is_found_by_its_tag() {
        let of = |language| digest(language, "x", 2, "y").0;
        assert!(of(Some("de-AT")).starts_with("Beobachtungsliste"));
        assert!(of(Some("zh-Hans")).starts_with("监控"));
        assert_eq!((of(None), of(Some("tlh"))), ("Watch list: x".to_owned(), "Watch list: x".to_owned()));
    }
}
