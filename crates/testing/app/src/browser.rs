//! Pages as a browser sees them: cookies, forms and their tokens.

use crate::answer::Answer;
use crate::app::{Caller, TestApp};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A browser: it stores cookies and sends them.
#[derive(Debug)]
pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// A page that a browser shows.
#[derive(Debug)]
pub struct Page<'b> {
    browser: &'b Browser<'b>,
    /// Path, with the query.
    pub path: String,
    /// The answer.
    pub answer: Answer,
}

/// A form of a page that changes something.
#[derive(Debug)]
pub struct Form<'b> {
    browser: &'b Browser<'b>,
    action: String,
    /// Fields that the page filled, its token among them.
    pub hidden: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Browser { app, cookies: RefCell::default() }
    }

    /// Signs in with the key of a role, by the sign-in page.
    ///
    /// # Panics
    /// When the sign-in is refused.
    #[must_use]
    pub fn sign_in(self, role: &str) -> Self {
        // Makes the key.
        let _caller = self.app.as_role(role);
        let token = self.app.shared.auth.key_ring.token(&hex::encode(role));
        let answer = self.page("/sign-in").form("/sign-in").submit(&[("key", &token)]);
        assert_eq!(answer.status, 303, "{}", answer.text());
        self
    }

    /// Returns the cookies' names.
    pub fn cookies(&self) -> Vec<String> {
        self.cookies.borrow().keys().cloned().collect()
    }

    /// Returns a caller of the API with the browser's cookies, as scripts of its pages are.
    pub fn script(&self) -> Caller<'a> {
        self.app.as_nobody().header("cookie", &self.cookie_header())
    }

    fn cookie_header(&self) -> String {
        self.cookies.borrow().iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ")
    }

    /// Shows a page.
    pub fn page(&self, path: &str) -> Page<'_> {
        let answer = self.send("GET", path, "", "");
        Page { browser: self, path: path.to_owned(), answer }
    }

    /// Sends a form's fields without a page, as another site would.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, "application/x-www-form-urlencoded", &encoded(fields.iter().copied()))
    }

    fn send(&self, method: &str, path: &str, media_type: &str, body: &str) -> Answer {
        let cookies = self.cookie_header();
        let mut caller = self.app.as_nobody().header("accept", "text/html");
        if !cookies.is_empty() {
            caller = caller.header("cookie", &cookies);
        }
        let answer = caller.send(method, path, media_type, body);
        for cookie in answer.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok()) {
            let (name, value) = cookie.split(';').next().and_then(|c| c.split_once('=')).unwrap_or_default();
            match value.is_empty() {
                true => drop(self.cookies.borrow_mut().remove(name)),
                false => drop(self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned())),
            }
        }
        answer
    }
}

impl Page<'_> {
    /// Returns the page's text when it is a success.
    ///
    /// # Panics
    /// When it is none.
    pub fn ok(&self) -> String {
        self.answer.success().text()
    }

    /// Returns the first form that is posted to a path.
    ///
    /// # Panics
    /// When the page has none.
    pub fn form(&self, action: &str) -> Form<'_> {
        let text = self.answer.text();
        let found = text.split("<form").skip(1).find_map(|form| {
            let (head, rest) = form.split_once('>')?;
            let own = attribute(head, "action").unwrap_or_else(|| self.path.clone());
            let is_it = attribute(head, "method").as_deref() == Some("post") && own == action;
            is_it.then(|| rest.split("</form>").next().unwrap_or_default())
        });
        let inside = found.unwrap_or_else(|| panic!("{} has no form for {action}: {text}", self.path));
        let inputs = inside.split("<input").skip(1).filter_map(|i| i.split('>').next());
        let hidden = inputs
            .filter(|i| attribute(i, "type").as_deref() == Some("hidden"))
            .filter_map(|i| Some((attribute(i, "name")?, attribute(i, "value").unwrap_or_default())))
            .collect();
        Form { browser: self.browser, action: action.to_owned(), hidden }
    }
}

impl Form<'_> {
    /// Submits the form with these fields, beside those that the page filled.
    pub fn submit(&self, fields: &[(&str, &str)]) -> Answer {
        let hidden = self.hidden.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        self.browser.post(&self.action, &hidden.chain(fields.iter().copied()).collect::<Vec<_>>())
    }

    /// Submits the form with a file, named so, beside these fields and those that the page filled.
    pub fn upload(&self, fields: &[(&str, &str)], (name, text): (&str, &str)) -> Answer {
        const BORDER: &str = "border-of-a-test";
        let hidden = self.hidden.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let part = |(field, value): (&str, &str)| {
            format!("--{BORDER}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n")
        };
        let fields: String = hidden.chain(fields.iter().copied()).map(part).collect();
        let file = format!(
            "--{BORDER}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--{BORDER}--\r\n"
        );
        self.browser.send("POST", &self.action, &format!("multipart/form-data; boundary={BORDER}"), &(fields + &file))
    }
}

/// Returns the value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, after) = tag.split_once(&format!("{name}=\""))?;
    let value = after.split('"').next()?;
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}

fn encoded<'f>(fields: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    let text = |s: &str| s.bytes().map(byte).collect::<String>();
    fields.map(|(n, v)| format!("{}={}", text(n), text(v))).collect::<Vec<_>>().join("&")
}
