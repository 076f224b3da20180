//! The notice to a customer whose data were disclosed, in the customer's language. The English text always follows, for anyone who helps the reader.

use holdfast_input::language::best;

/// Subject and text by language (BCP 47). `{date}`, `{agency}` and `{reference}` are replaced by those of the request.
const TEXTS: &[(&str, &str, &str)] = &[
    (
        "ar",
        "طلب بشأن حسابك",
        "في {date} أجبنا عن طلب من {agency} بشأنك. يجوز لنا الآن إبلاغك بذلك. رقمه المرجعي هناك: {reference}.",
    ),
    (
        "de",
        "Eine Anfrage zu Ihrem Konto",
        "Am {date} haben wir eine Sie betreffende Anfrage von {agency} beantwortet. Jetzt dürfen wir Ihnen das mitteilen. Aktenzeichen dort: {reference}.",
    ),
    (
        "es",
        "Una solicitud sobre su cuenta",
        "El {date} respondimos a una solicitud de {agency} sobre usted. Ahora podemos comunicárselo. Su referencia allí: {reference}.",
    ),
    (
        "fr",
        "Une demande concernant votre compte",
        "Le {date}, nous avons répondu à une demande de {agency} vous concernant. Nous pouvons maintenant vous en informer. Sa référence : {reference}.",
    ),
    (
        "he",
        "בקשה בנוגע לחשבונך",
        "ב-{date} השבנו לבקשה של {agency} בעניינך. כעת אנו רשאים להודיע לך על כך. מספר הסימוכין שם: {reference}.",
    ),
    (
        "hi",
        "आपके खाते के बारे में एक अनुरोध",
        "{date} को हमने {agency} के आपसे संबंधित एक अनुरोध का उत्तर दिया। अब हम आपको यह बता सकते हैं। वहाँ की संदर्भ संख्या: {reference}.",
    ),
    (
        "it",
        "Una richiesta sul suo conto",
        "Il {date} abbiamo risposto a una richiesta di {agency} che la riguarda. Ora possiamo comunicarglielo. Il suo riferimento: {reference}.",
    ),
    (
        "ja",
        "お客様のアカウントに関する照会について",
        "{date} に、当社はお客様に関する {agency} からの照会に回答しました。現在、このことをお知らせできるようになりました。先方の参照番号：{reference}",
    ),
    (
        "ko",
        "고객님의 계정에 관한 요청",
        "{date}에 당사는 고객님에 관한 {agency}의 요청에 회신하였습니다. 이제 이 사실을 알려 드릴 수 있습니다. 해당 기관의 참조 번호: {reference}",
    ),
    (
        "nl",
        "Een verzoek over uw rekening",
        "Op {date} hebben wij een verzoek van {agency} over u beantwoord. Wij mogen u dat nu meedelen. Het kenmerk daar: {reference}.",
    ),
    (
        "pl",
        "Wniosek dotyczący Pana/Pani konta",
        "W dniu {date} odpowiedzieliśmy na dotyczący Pana/Pani wniosek: {agency}. Możemy teraz o tym poinformować. Numer sprawy: {reference}.",
    ),
    (
        "pt",
        "Um pedido sobre a sua conta",
        "Em {date} respondemos a um pedido de {agency} sobre si. Agora podemos informá-lo. A referência do pedido: {reference}.",
    ),
    (
        "pt-BR",
        "Uma solicitação sobre a sua conta",
        "Em {date} respondemos a uma solicitação de {agency} sobre você. Agora podemos informá-lo. A referência da solicitação: {reference}.",
    ),
    (
        "ru",
        "Запрос о вашем счёте",
        "{date} мы ответили на касающийся вас запрос: {agency}. Теперь мы вправе сообщить вам об этом. Номер запроса: {reference}.",
    ),
    (
        "th",
        "คำขอเกี่ยวกับบัญชีของคุณ",
        "เมื่อ {date} เราได้ตอบคำขอจาก {agency} เกี่ยวกับคุณ ขณะนี้เราสามารถแจ้งให้คุณทราบได้แล้ว หมายเลขอ้างอิง: {reference}",
    ),
    (
        "tr",
        "Hesabınızla ilgili bir talep",
        "{date} tarihinde sizinle ilgili bir talebi yanıtladık: {agency}. Artık bunu size bildirebiliriz. Referans numarası: {reference}.",
    ),
    (
        "uk",
        "Запит щодо вашого рахунку",
        "{date} ми відповіли на запит щодо вас: {agency}. Тепер ми маємо право повідомити вам про це. Номер запиту: {reference}.",
    ),
    (
        "zh-Hans",
        "关于您账户的请求",
        "我们已于 {date} 答复了 {agency} 关于您的请求。现在我们可以将此事告知您。对方的案号：{reference}",
    ),
    (
        "zh-Hant",
        "關於您帳戶的請求",
        "我們已於 {date} 答覆了 {agency} 關於您的請求。現在我們可以將此事告知您。對方的案號：{reference}",
    ),
];

/// What a notice is about.
pub(crate) struct About<'a> {
    pub date: &'a str,
    pub agency: &'a str,
    pub kind: &'a str,
    pub reference: &'a str,
}

/// Returns subject and body.
pub(crate) fn notice(language: Option<&str>, about: &About<'_>) -> (String, String) {
    let english = format!(
        "On {} we answered a request of {} about you ({}). We may tell you so now. Its reference there: {}.\n",
        about.date, about.agency, about.kind, about.reference
    );
    let subject = "A request about your account";
    let known = || TEXTS.iter().map(|t| t.0).chain(["en"]);
    let text = language.and_then(|l| best(l, known())).and_then(|l| TEXTS.iter().find(|t| t.0 == l));
    match text {
        None => (subject.to_owned(), english),
        Some((_, subject, body)) => (
            (*subject).to_owned(),
            // The agency's name is filled in last: it comes from outside.
            format!(
                "{}\n\n{english}",
                body.replace("{date}", about.date)
                    .replace("{reference}", "\u{0}")
                    .replace("{agency}", about.agency)
                    .replace('\u{0}', about.reference)
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_in_the_customers_language_with_the_english_text_below() {
        let about = About { date: "2026-11-24", agency: "FBI", kind: "information", reference: "ref-1" };
        for (language, subject) in [
            (Some("zh-CN"), "关于您账户的请求"),
            (Some("zh"), "关于您账户的请求"),
            (Some("zh-HK"), "關於您帳戶的請求"),
            (Some("de-AT"), "Eine Anfrage zu Ihrem Konto"),
            (Some("en-GB"), "A request about your account"),
            (Some("sw"), "A request about your account"),
            (None, "A request about your account"),
        ] {
            let (found, body) = notice(language, &about);
            assert_eq!(found, subject, "{language:?}");
            assert!(body.ends_with("On 2026-11-24 we answered a request of FBI about you (information). We may tell you so now. Its reference there: ref-1.\n"));
        }
        for (language, _, text) in TEXTS {
            let (_, body) = notice(Some(language), &about);
            assert!(["{date}", "{agency}", "{reference}"].iter().all(|p| text.matches(p).count() == 1), "{language}");
            assert!(!body.contains('{') && body.matches("ref-1").count() == 2, "{body}");
        }
    }
}
