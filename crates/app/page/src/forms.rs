//! Forms of pages: each is a type, of which the page shows the fields and the handler gets the values. An error names the field by its label.

use crate::again;
use crate::frame::ErrorPage;
use crate::icons::of_button;
use crate::texts::t;
use axum::extract::{FromRequest, Multipart, RawForm, Request};
use holdfast_input::time::{parse as parse_time, parse_date};
use holdfast_state::error::ApiError;
use holdfast_types::Timestamp;
use maud::{Markup, html};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// How a page shows a field.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A line of text.
    Line,
    /// Lines of text.
    Area,
    /// An `input` of another type.
    Of(&'static str),
    /// One value of several: value and key of its text.
    Choice(&'static [(&'static str, &'static str)]),
    /// A button for each value.
    Buttons(&'static [(&'static str, &'static str)]),
    /// Not shown: the page gives the value.
    Hidden,
    /// The page writes the field by itself.
    Own,
}

/// A field of a form.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the form.
    pub name: &'static str,
    /// Key of its label.
    pub label: &'static str,
    /// How it is shown.
    pub input: Input,
}

/// A form of a page, defined by [`page_form`].
pub trait PageForm: DeserializeOwned {
    /// Its fields, in the page's order.
    const FIELDS: &'static [Field];

    /// The label of a field.
    fn label(name: &str) -> String {
        label_of(Self::FIELDS, name)
    }

    /// Names the field of an error by its label, where the error begins with the field's name.
    fn explain(e: ApiError) -> ApiError {
        let Some((name, problem)) = e.message.split_once(": ") else { return e };
        let name = name.replace('.', "_");
        match Self::FIELDS.iter().any(|f| f.name == name) {
            true => ApiError::new(e.status, format!("{}: {problem}", Self::label(&name))),
            false => e,
        }
    }
}

/// What can be read from a form's body.
pub trait FromForm: Sized {
    /// Reads a body of the media type `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// 400 names the first wrong field by its label.
    fn from_form(body: &[u8]) -> Result<Self, ApiError>;
}

impl<T: PageForm> FromForm for T {
    fn from_form(body: &[u8]) -> Result<Self, ApiError> {
        again::has_fields(T::FIELDS);
        // What a browser leaves out (boxes that are not ticked) is empty.
        let mut whole = body.to_vec();
        for field in T::FIELDS {
            if !form_urlencoded::parse(body).any(|(name, _)| name == field.name) {
                whole.extend_from_slice(format!("&{}=", field.name).as_bytes());
            }
        }
        serde_path_to_error::deserialize(serde_html_form::Deserializer::from_bytes(&whole)).map_err(|e| {
            let path = e.path().to_string();
            // A field that stands several times: `value[1]` is the second.
            let (name, row) = match path.split_once('[') {
                Some((name, row)) => (name, row.trim_end_matches(']').parse::<usize>().ok()),
                None => (path.as_str(), None),
            };
            let row = row.map_or(String::new(), |i| format!(" {}", i + 1));
            ApiError::bad(format!("{}{row}: {}", label_of(T::FIELDS, name), e.inner()))
        })
    }
}

fn label_of(fields: &[Field], name: &str) -> String {
    match fields.iter().find(|f| f.name == name) {
        Some(field) => t!(field.label),
        None => t!("form-itself"),
    }
}

/// Returns the value of a field and the body without it.
pub fn take(body: &[u8], name: &str) -> (String, Vec<u8>) {
    let mut value = String::new();
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (key, text) in form_urlencoded::parse(body) {
        match key == name {
            true => value = text.into_owned(),
            false => {
                rest.append_pair(&key, &text);
            }
        }
    }
    (value, rest.finish().into_bytes())
}

/// The values of a posted form.
#[derive(Debug)]
pub struct Fields<T>(pub T);

impl<T: FromForm, S: Send + Sync> FromRequest<S> for Fields<T> {
    type Rejection = ErrorPage;

    async fn from_request(request: Request, state: &S) -> Result<Self, ErrorPage> {
        let RawForm(body) =
            RawForm::from_request(request, state).await.map_err(|e| ApiError::new(e.status(), e.body_text()))?;
        again::keep(&body);
        Ok(Fields(T::from_form(&body)?))
    }
}

/// A file of a form, with the form's other fields.
#[derive(Debug)]
pub struct Upload<T> {
    /// Name of the file, as the browser sends it.
    pub name: String,
    /// Its media type, as the browser sends it.
    pub media_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The other fields.
    pub fields: T,
}

/// Reads a form with one file.
///
/// # Errors
/// 400 without a file or with a wrong field, 413 for a file above the limit.
pub async fn upload<T: FromForm>(mut form: Multipart) -> Result<Upload<T>, ApiError> {
    let bad = |e: axum::extract::multipart::MultipartError| {
        ApiError::new(e.status(), format!("{}: {}", t!("form-itself"), e.body_text()))
    };
    let (mut file, mut fields) = (None, Vec::new());
    while let Some(field) = form.next_field().await.map_err(bad)? {
        let label = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            Some(name) => {
                let media_type = field.content_type().unwrap_or("text/plain").to_owned();
                file = Some((name, media_type, field.bytes().await.map_err(bad)?.to_vec()));
            }
            None => {
                fields.push((label, field.text().await.map_err(bad)?));
            }
        }
    }
    let (name, media_type, bytes) =
        file.ok_or_else(|| ApiError::bad(format!("{}: {}", t!("form-file"), t!("form-choose-file"))))?;
    let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Ok(Upload { name, media_type, bytes, fields: T::from_form(fields.as_bytes())? })
}

/// Defines a form: a struct with its fields, their labels and how each is shown.
#[macro_export]
macro_rules! page_form {
    ($(#[$doc:meta])* struct $name:ident { $($field:ident: $type:ty = $label:literal, $input:expr;)* }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name { $(pub(crate) $field: $type,)* }

        impl $crate::forms::PageForm for $name {
            const FIELDS: &'static [$crate::forms::Field] = &[
                $($crate::forms::Field { name: stringify!($field), label: $label, input: $input },)*
            ];
        }
    };
}

/// Defines the values of several forms of a page: the value of one field names the form.
#[macro_export]
macro_rules! page_steps {
    ($(#[$doc:meta])* enum $name:ident by $tag:literal { $($value:literal => $variant:ident($form:ty),)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) enum $name { $($variant($form),)* }

        impl $crate::forms::FromForm for $name {
            fn from_form(body: &[u8]) -> Result<Self, holdfast_state::error::ApiError> {
                let (tag, rest) = $crate::forms::take(body, $tag);
                match tag.as_str() {
                    $($value => <$form as $crate::forms::FromForm>::from_form(&rest).map($name::$variant),)*
                    other => Err(holdfast_state::error::ApiError::bad($crate::texts::t!(
                        "form-none-of", field = $tag, text = other, values = [$($value),*].join(", ")
                    ))),
                }
            }
        }
    };
}

pub use crate::{page_form, page_steps};

/// No fields: a button alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl PageForm for Nothing {
    const FIELDS: &'static [Field] = &[];
}

/// Returns a form of a page.
pub fn form_of<T: PageForm>(to: &str, hidden: &[(&str, &str)], button: &str) -> Markup {
    let buttons = T::FIELDS.iter().find_map(|f| match f.input {
        Input::Buttons(values) => Some((f.name, values)),
        _ => None,
    });
    html! {
        form.step method="post" action=(to) {
            @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
            @for field in T::FIELDS { (input(field)) }
            @match buttons {
                Some((name, values)) => @for (value, key) in values { button type="submit" name=(name) value=(value) { (of_button(key)) (t!(key)) } " " },
                None => button type="submit" { (of_button(button)) (t!(button)) },
            }
        }
    }
}

/// Returns a form with a button for each value of a field.
pub fn choice_form<T: PageForm>(to: &str, name: &str, values: &[(&str, &str)]) -> Markup {
    html! {
        form.step method="post" action=(to) {
            @for field in T::FIELDS { (input(field)) }
            @for (value, key) in values { button type="submit" name=(name) value=(value) { (of_button(key)) (t!(key)) } " " }
        }
    }
}

/// Returns a form with a file.
pub fn file_form<T: PageForm>(to: &str, button: &str) -> Markup {
    html! {
        form.step method="post" action=(to) enctype="multipart/form-data" {
            label { (t!("form-file")) input type="file" name="file" required; }
            @for field in T::FIELDS { (input(field)) }
            button type="submit" { (of_button(button)) (t!(button)) }
        }
    }
}

fn input(field: &Field) -> Markup {
    let label = t!(field.label);
    html! {
        @match field.input {
            Input::Line => label { (label) input name=(field.name) type="text"; }
            Input::Of("checkbox") => label { input name=(field.name) type="checkbox" value="true"; (label) }
            Input::Of(kind) => label { (label) input name=(field.name) type=(kind); }
            Input::Area => label { (label) textarea name=(field.name) rows="3" {} }
            Input::Choice(values) => label { (label) select name=(field.name) {
                @for (value, key) in values { option value=(value) { (t!(key)) } }
            } }
            Input::Buttons(_) | Input::Hidden | Input::Own => {}
        }
    }
}

/// Reads a field's text into a type.
fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.trim().parse().map_err(D::Error::custom)
}

macro_rules! from_text {
    ($($type:ident),*) => {
        $(impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer)
            }
        })*
    };
}

from_text!(Text, Free, Day, Instant, Flag, Commas, Token);

/// A text that must be given, without the spaces around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub String);

impl FromStr for Text {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.is_empty() {
            true => Err(t!("form-missing")),
            false => Ok(Text(text.to_owned())),
        }
    }
}

/// A text that may be empty, without the spaces around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free(pub String);

impl FromStr for Free {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Free(text.to_owned()))
    }
}

/// A value that may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opt<T>(pub Option<T>);

impl<'de, T: FromStr<Err = String>> Deserialize<'de> for Opt<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.trim() {
            "" => Ok(Opt(None)),
            text => text.parse().map(|v| Opt(Some(v))).map_err(D::Error::custom),
        }
    }
}

impl Opt<Text> {
    /// Returns the text, where one was given.
    pub fn text(self) -> Option<String> {
        self.0.map(|t| t.0)
    }
}

/// A whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<T>(pub T);

impl<T: FromStr> FromStr for Number<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Number).map_err(|_| t!("form-no-number", text = text))
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

/// A day, as the time of its beginning in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub Timestamp);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_date(text).map(Day).map_err(|e| e.to_string())
    }
}

/// A time in UTC; a form's seconds may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub Timestamp);

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_time(text).map(Instant).map_err(|e| e.to_string())
    }
}

/// A box that is ticked or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag(pub bool);

impl FromStr for Flag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" | "false" => Ok(Flag(false)),
            "true" | "on" | "1" => Ok(Flag(true)),
            _ => Err(t!("form-no-flag", text = text)),
        }
    }
}

/// Texts with commas or semicolons between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commas(pub Vec<String>);

impl FromStr for Commas {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Commas(text.split([',', ';']).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect()))
    }
}

/// A random number that a page draws for a form, so that what is sent twice is done once, and what is filled in anew is done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(pub String);

impl Token {
    /// Draws a token.
    ///
    /// # Errors
    /// 500 when the system has no random numbers.
    pub fn draw() -> Result<Self, ApiError> {
        let random = holdfast_state::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
        Ok(Token(random[..16].iter().map(|b| format!("{b:02x}")).collect()))
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            true => Ok(Token(text.to_owned())),
            false => Err(t!("form-no-token")),
        }
    }
}

/// Values of boxes with one name; those that are not ticked are not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticked<T>(pub Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Ticked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let values = texts
            .into_iter()
            .filter(|t| !t.is_empty())
            .map(|t| T::deserialize(serde::de::value::StringDeserializer::<D::Error>::new(t)));
        values.collect::<Result<_, _>>().map(Ticked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    page_form! {
        /// A form of the tests.
        struct Sample {
            title: Text = "desk-cases-title", Input::Line;
            due: Opt<Day> = "desk-case-due", Input::Of("date");
            hours: Number<u8> = "campaigns-days", Input::Of("number");
            value: Vec<Opt<Number<u64>>> = "portal-new-value", Input::Own;
            scam: Ticked<holdfast_decision::warnings::Scam> = "portal-new-kind", Input::Own;
            urgent: Flag = "portal-new-emergency", Input::Own;
        }
    }

    page_steps! {
        /// Steps of the tests.
        enum Steps by "step" {
            "sample" => Sample(Sample),
            "nothing" => Nothing(Nothing),
        }
    }

    fn error(body: &str) -> String {
        let e = Sample::from_form(body.as_bytes()).unwrap_err();
        assert_eq!(e.status, axum::http::StatusCode::BAD_REQUEST);
        e.message
    }

    #[test]
    fn fields_are_read_by_their_types() {
        let body = b"title=+A+&due=2026-09-21&hours=3&value=7&value=&scam=romance&scam=task&urgent=on";
        let form = Sample::from_form(body).unwrap();
        assert_eq!(
            (form.title.0.as_str(), form.due.0, form.hours.0),
            ("A", Some(Day(Timestamp::from_unix(1_789_948_800))), 3)
        );
        assert_eq!(form.value, [Opt(Some(Number(7))), Opt(None)]);
        assert_eq!((form.scam.0.len(), form.urgent.0), (2, true));
        let least = Sample::from_form(b"title=A&hours=0").unwrap();
        assert_eq!((least.due.0, least.scam.0.len(), least.urgent.0), (None, 0, false));
    }

    #[test]
    fn errors_name_the_label() {
        assert_eq!(error("title=++&hours=1"), "Title: it is missing");
        assert_eq!(error("hours=1"), "Title: it is missing");
        assert_eq!(error("title=A&hours=many"), format!("{}: 'many' is not a whole number", t!("campaigns-days")));
        assert_eq!(error("title=A&hours=256"), format!("{}: '256' is not a whole number", t!("campaigns-days")));
        assert!(error("title=A&hours=1&due=yesterday").starts_with(&format!("{}: ", t!("desk-case-due"))));
        let second = format!("{} 2: 'x' is not a whole number", t!("portal-new-value"));
        assert_eq!(error("title=A&hours=1&value=1&value=x"), second);
        assert!(error("title=A&hours=1&scam=luck").starts_with(&format!("{}: unknown variant", t!("portal-new-kind"))));
        assert!(error("title=A&hours=1&other=1").contains("unknown field `other`"));
        let explained = Sample::explain(ApiError::bad("title: too long"));
        assert_eq!(explained.message, "Title: too long");
        assert_eq!(Sample::explain(ApiError::bad("size: too long")).message, "size: too long");
    }

    #[test]
    fn a_field_names_the_form() {
        let Ok(Steps::Sample(form)) = Steps::from_form(b"step=sample&title=A&hours=1") else { panic!() };
        assert_eq!(form.title.0, "A");
        assert!(matches!(Steps::from_form(b"step=nothing"), Ok(Steps::Nothing(_))));
        let e = Steps::from_form(b"step=other").unwrap_err();
        assert_eq!(e.message, "step: 'other' is none of sample, nothing");
    }
}
