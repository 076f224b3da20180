//! Mail to officers, in the language in which they use the portal; in English where it is not known or none of these.
//!
//! What is confidential stays in the portal: mail names the officer's own reference, and a code.

use crate::RequestError;
use holdfast_input::language::best;
use holdfast_notify::outbox;
use holdfast_screening::service::Transaction;

/// What a mail says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Letter<'a> {
    /// A code to enter with.
    Code(&'a str),
    /// Access is suspended.
    Suspended,
    /// Nobody is registered with the address.
    Unregistered,
    /// The desk approved the officer.
    Approved,
    /// A message waits; the officer's reference.
    Message(&'a str),
    /// The answer can be fetched; reference, and until when.
    Fetchable(&'a str, &'a str),
    /// A preservation ends; reference, and when.
    Lapsing(&'a str, &'a str),
    /// A request that came another way is sent back; reference and reason.
    SentBack(&'a str, &'a str),
    /// The request is answered; the officer's reference.
    Answered(&'a str),
}

/// Subject and text of each letter, in the order of [`Letter`]; `{1}` and `{2}` are its values.
type Texts = [(&'static str, &'static str); 9];

const ENGLISH: Texts = [
    (
        "Your code",
        "Your code for the request portal is {1}. It is valid once, for 15 minutes. If you did not request it, inform the desk.\n",
    ),
    ("Your access", "Your access to the request portal is suspended. Contact the desk.\n"),
    (
        "Your address",
        "Nobody is registered with this address at the request portal. To register, give your name with it.\n",
    ),
    ("You are approved", "You are approved and can send requests in the portal.\n"),
    ("A message about your request", "There is a message about your request {1} in the portal.\n"),
    ("An answer can be fetched", "The answer to your request {1} can be fetched in the portal until {2}.\n"),
    ("A preservation lapses soon", "The data preserved for your request {1} are stored until {2}.\n"),
    ("Your request needs a period", "Your request {1} cannot be answered as it is: {2}. Please send it again so.\n"),
    ("Your request is answered", "Your request {1} is answered; see the portal.\n"),
];

/// The other languages by BCP 47.
const OTHERS: [(&str, Texts); 5] = [
    (
        "ar",
        [
            (
                "رمزك",
                "رمز الدخول إلى بوابة الطلبات هو {1}. وهو صالح مرة واحدة ولمدة 15 دقيقة. إذا لم تطلبه فأبلغ المكتب.\n",
            ),
            ("حق دخولك", "أُوقف دخولك إلى بوابة الطلبات. تواصل مع المكتب.\n"),
            ("عنوانك", "لا أحد مسجّل بهذا العنوان في بوابة الطلبات. للتسجيل أدخل اسمك معه.\n"),
            ("تمت الموافقة عليك", "تمت الموافقة عليك ويمكنك إرسال الطلبات في البوابة.\n"),
            ("رسالة بشأن طلبك", "في البوابة رسالة بشأن طلبك {1}.\n"),
            ("يمكن تنزيل الرد", "يمكن تنزيل الرد على طلبك {1} من البوابة حتى {2}.\n"),
            ("ينتهي الحفظ قريبًا", "البيانات المحفوظة لطلبك {1} مخزّنة حتى {2}.\n"),
            ("يحتاج طلبك إلى مدة", "لا يمكن الرد على طلبك {1} كما هو: {2}. يرجى إرساله مجددًا على هذا النحو.\n"),
            ("تم الرد على طلبك", "تم الرد على طلبك {1}؛ راجع البوابة.\n"),
        ],
    ),
    (
        "de",
        [
            (
                "Ihr Code",
                "Ihr Code für das Anfrageportal ist {1}. Er gilt einmal, 15 Minuten lang. Wenn Sie ihn nicht angefordert haben, verständigen Sie die Dienststelle der Börse.\n",
            ),
            (
                "Ihr Zugang",
                "Ihr Zugang zum Anfrageportal ist gesperrt. Wenden Sie sich an die Dienststelle der Börse.\n",
            ),
            (
                "Ihre Adresse",
                "Mit dieser Adresse ist im Anfrageportal niemand registriert. Geben Sie zur Registrierung auch Ihren Namen an.\n",
            ),
            ("Sie sind freigegeben", "Sie sind freigegeben und können im Portal Anfragen senden.\n"),
            ("Eine Nachricht zu Ihrer Anfrage", "Im Portal liegt eine Nachricht zu Ihrer Anfrage {1}.\n"),
            (
                "Eine Antwort kann abgerufen werden",
                "Die Antwort auf Ihre Anfrage {1} kann im Portal bis {2} abgerufen werden.\n",
            ),
            (
                "Eine Datensicherung läuft bald ab",
                "Die für Ihre Anfrage {1} gesicherten Daten werden bis {2} aufbewahrt.\n",
            ),
            (
                "Ihre Anfrage braucht einen Zeitraum",
                "Ihre Anfrage {1} kann so nicht beantwortet werden: {2}. Bitte senden Sie sie so noch einmal.\n",
            ),
            ("Ihre Anfrage ist beantwortet", "Ihre Anfrage {1} ist beantwortet; siehe Portal.\n"),
        ],
    ),
    (
        "es",
        [
            (
                "Su código",
                "Su código para el portal de solicitudes es {1}. Sirve una sola vez, durante 15 minutos. Si no lo pidió, avise al equipo.\n",
            ),
            ("Su acceso", "Su acceso al portal de solicitudes está suspendido. Póngase en contacto con el equipo.\n"),
            (
                "Su dirección",
                "Nadie está registrado con esta dirección en el portal de solicitudes. Para registrarse, indique también su nombre.\n",
            ),
            ("Está aprobado", "Su registro está aprobado y puede enviar solicitudes en el portal.\n"),
            ("Un mensaje sobre su solicitud", "Hay un mensaje sobre su solicitud {1} en el portal.\n"),
            (
                "Puede descargar una respuesta",
                "La respuesta a su solicitud {1} se puede descargar en el portal hasta {2}.\n",
            ),
            ("Una conservación vence pronto", "Los datos conservados para su solicitud {1} se guardan hasta {2}.\n"),
            (
                "Su solicitud necesita un período",
                "Su solicitud {1} no se puede responder tal como está: {2}. Envíela de nuevo así, por favor.\n",
            ),
            ("Su solicitud está respondida", "Su solicitud {1} está respondida; consulte el portal.\n"),
        ],
    ),
    (
        "fr",
        [
            (
                "Votre code",
                "Votre code pour le portail des demandes est {1}. Il est valable une fois, pendant 15 minutes. Si vous ne l’avez pas demandé, prévenez le service.\n",
            ),
            ("Votre accès", "Votre accès au portail des demandes est suspendu. Contactez le service.\n"),
            (
                "Votre adresse",
                "Personne n’est inscrit avec cette adresse au portail des demandes. Pour vous inscrire, indiquez aussi votre nom.\n",
            ),
            ("Vous êtes agréé", "Vous êtes agréé et pouvez envoyer des demandes dans le portail.\n"),
            ("Un message sur votre demande", "Un message sur votre demande {1} vous attend dans le portail.\n"),
            (
                "Une réponse peut être téléchargée",
                "La réponse à votre demande {1} peut être téléchargée dans le portail jusqu’au {2}.\n",
            ),
            (
                "Une conservation expire bientôt",
                "Les données conservées pour votre demande {1} sont gardées jusqu’au {2}.\n",
            ),
            (
                "Votre demande doit indiquer une période",
                "Votre demande {1} ne peut pas recevoir de réponse en l’état : {2}. Veuillez la renvoyer ainsi.\n",
            ),
            ("Votre demande a reçu une réponse", "Votre demande {1} a reçu une réponse ; voir le portail.\n"),
        ],
    ),
    (
        "zh-Hans",
        [
            ("您的验证码", "您的请求门户验证码是 {1}。仅可使用一次，15 分钟内有效。如果不是您申请的，请通知工作组。\n"),
            ("您的访问权限", "您对请求门户的访问已被暂停。请联系工作组。\n"),
            ("您的地址", "请求门户中没有使用此地址注册的人员。如需注册，请同时填写姓名。\n"),
            ("您已获批准", "您已获批准，可以在门户中发送请求。\n"),
            ("关于您请求的消息", "门户中有一条关于您请求 {1} 的消息。\n"),
            ("答复可以下载", "对您请求 {1} 的答复可在门户中下载，截止时间 {2}。\n"),
            ("数据保全即将到期", "为您的请求 {1} 保全的数据保存至 {2}。\n"),
            ("您的请求需要注明期间", "您的请求 {1} 目前无法答复：{2}。请按此重新发送。\n"),
            ("您的请求已答复", "您的请求 {1} 已答复，请查看门户。\n"),
        ],
    ),
];

impl Letter<'_> {
    /// Returns the letter's place among the texts, and its values.
    fn parts(&self) -> (usize, [&str; 2]) {
        match self {
            Letter::Code(code) => (0, [code, ""]),
            Letter::Suspended => (1, ["", ""]),
            Letter::Unregistered => (2, ["", ""]),
            Letter::Approved => (3, ["", ""]),
            Letter::Message(reference) => (4, [reference, ""]),
            Letter::Fetchable(reference, until) => (5, [reference, until]),
            Letter::Lapsing(reference, until) => (6, [reference, until]),
            Letter::SentBack(reference, why) => (7, [reference, why]),
            Letter::Answered(reference) => (8, [reference, ""]),
        }
    }

    /// Returns subject and text.
    fn written(&self, language: Option<&str>) -> (&'static str, String) {
        let chosen = language.and_then(|wanted| best(wanted, OTHERS.iter().map(|(tag, _)| *tag)));
        let texts =
            chosen.and_then(|tag| OTHERS.iter().find(|(of, _)| *of == tag)).map_or(&ENGLISH, |(_, texts)| texts);
        let (place, [first, second]) = self.parts();
        let (subject, body) = texts[place];
        // What others wrote comes in one pass, so that what it holds in braces is not replaced.
        let mut parts = body.split("{2}");
        let mut text = parts.next().unwrap_or_default().replace("{1}", first);
        for part in parts {
            text += second;
            text += part;
        }
        (subject, text)
    }
}

/// Returns the language in which an officer uses the portal, where that is known.
fn language_of(tx: &mut Transaction<'_>, address: &str) -> Result<Option<String>, RequestError> {
    let rows = tx.db().query("SELECT language FROM officers WHERE email = $1", &[address.to_lowercase().into()])?;
    let language = rows.first().and_then(|row| row.text_or_null(0));
    Ok(language.map(str::to_owned))
}

/// Adds a letter to the outbox, in the officer's language.
///
/// # Errors
/// [`RequestError`] when the database fails.
pub(crate) fn write(tx: &mut Transaction<'_>, to: &str, letter: Letter<'_>, about: &str) -> Result<(), RequestError> {
    let language = language_of(tx, to)?;
    write_in(tx, language.as_deref(), to, letter, about)
}

/// Adds a letter in a language.
///
/// # Errors
/// [`RequestError`] when the database fails.
pub(crate) fn write_in(
    tx: &mut Transaction<'_>,
    language: Option<&str>,
    to: &str,
    letter: Letter<'_>,
    about: &str,
) -> Result<(), RequestError> {
    let (subject, body) = letter.written(language);
    Ok(outbox::add(tx, to, subject, &body, about)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_all_values_once() {
        let all = [
            Letter::Code("12345678"),
            Letter::Suspended,
            Letter::Unregistered,
            Letter::Approved,
            Letter::Message("AZ {2} 7"),
            Letter::Fetchable("AZ 7", "{1} o'clock"),
            Letter::Lapsing("AZ 7", "2026-09-21"),
            Letter::SentBack("AZ 7", "name {1}"),
            Letter::Answered("AZ 7"),
        ];
        for language in OTHERS.iter().map(|(tag, _)| Some(*tag)).chain([None, Some("tlh")]) {
            for letter in all {
                let (subject, body) = letter.written(language);
                let values = letter.parts().1;
                assert!(values.iter().all(|v| v.is_empty() || body.matches(v).count() == 1), "{language:?}: {body}");
                assert!(!subject.is_empty() && !subject.contains('\n') && body.ends_with('\n'), "{subject}");
                let english = letter.written(None);
                assert_eq!((subject, body) == english, matches!(language, None | Some("tlh")), "{language:?}");
            }
        }
        assert_eq!(Letter::Approved.written(Some("de-AT")).0, "Sie sind freigegeben");
    }
}
