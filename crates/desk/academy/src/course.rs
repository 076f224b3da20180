//! Courses in Markdown, with translations. A file begins with a header between two lines of `---` (YAML), then lessons under `##` headings.

use crate::AcademyError;
use crate::labs;
use crate::{Academy, invalid};
use holdfast_decision::model::language_form_ok;
use holdfast_input::language::best;
use holdfast_types::Invalid;
use pulldown_cmark::{Event, Options, Parser, html};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest course file, bytes.
pub const MAX_COURSE: usize = 1 << 20;
/// The language that courses are written in first.
pub const SOURCE: &str = "en";

/// Header of a course file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its name, the same in all languages: lower case, digits, hyphens.
    pub course: String,
    /// Language, ISO 639-1.
    pub lang: String,
    /// Raised with every change of the text.
    pub version: u32,
    /// In a translation: the version of the English text that it translates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
    /// Title.
    pub title: String,
    /// What it is about, in a sentence.
    pub summary: String,
    /// Duration, hours.
    pub hours: u32,
    /// Labs that must be passed.
    #[serde(default)]
    pub labs: Vec<String>,
}

/// A lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lesson {
    /// Title.
    pub title: String,
    /// Text, Markdown.
    pub text: String,
}

/// A course in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Course {
    /// Header.
    pub header: Header,
    /// Lessons.
    pub lessons: Vec<Lesson>,
    /// Whether the English text is newer than this translation.
    pub outdated: bool,
    /// Languages that the course is there in.
    pub languages: Vec<String>,
}

const BUNDLED: [&str; 12] = [
    include_str!("../../../../data/academy/courses/tracing-payments.en.md"),
    include_str!("../../../../data/academy/courses/tracing-payments.es.md"),
    include_str!("../../../../data/academy/courses/tracing-payments.de.md"),
    include_str!("../../../../data/academy/courses/asking-an-exchange.en.md"),
    include_str!("../../../../data/academy/courses/asking-an-exchange.es.md"),
    include_str!("../../../../data/academy/courses/asking-an-exchange.de.md"),
    include_str!("../../../../data/academy/courses/wallets-at-a-scene.en.md"),
    include_str!("../../../../data/academy/courses/wallets-at-a-scene.es.md"),
    include_str!("../../../../data/academy/courses/wallets-at-a-scene.de.md"),
    include_str!("../../../../data/academy/courses/reading-scores.en.md"),
    include_str!("../../../../data/academy/courses/reading-scores.es.md"),
    include_str!("../../../../data/academy/courses/reading-scores.de.md"),
];

/// Reads a course file.
///
/// # Errors
/// [`Invalid`] names the line or field.
pub fn parse(text: &str) -> Result<(Header, Vec<Lesson>), Invalid> {
    if text.len() > MAX_COURSE {
        return Err(Invalid::new("course", format!("longer than {MAX_COURSE} bytes")));
    }
    let text = text.replace("\r\n", "\n");
    let broken = || Invalid::new("line 1", "begin with a header between two lines of ---");
    let rest = text.strip_prefix("---\n").ok_or_else(broken)?;
    let (head, body) = rest.split_once("\n---\n").ok_or_else(broken)?;
    let header: Header = serde_norway::from_str(head).map_err(|e| Invalid::new("header", e.to_string()))?;
    let name_ok = !header.course.is_empty()
        && header.course.len() <= 60
        && header.course.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !name_ok {
        return Err(Invalid::new("course", "lower case, digits and hyphens, at most 60"));
    }
    language_form_ok("lang", &header.lang)?;
    if (header.lang == SOURCE) != header.of.is_none() {
        return Err(Invalid::new(
            "of",
            "a translation names the version of the English text that it translates, and only a translation",
        ));
    }
    for (field, value, most) in [("title", &header.title, 200), ("summary", &header.summary, 1_000)] {
        if value.trim().is_empty() || value.len() > most {
            return Err(Invalid::new(field, format!("1 to {most} bytes")));
        }
    }
    if header.version == 0 || !(1..=1_000).contains(&header.hours) {
        return Err(Invalid::new("version", "from 1; hours: 1 to 1000"));
    }
    if let Some(unknown) = header.labs.iter().find(|l| labs::lab(l).is_none()) {
        return Err(Invalid::new("labs", format!("there is no lab '{unknown}'")));
    }
    let mut lessons: Vec<Lesson> = Vec::new();
    for line in body.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            lessons.push(Lesson { title: title.trim().to_owned(), text: String::new() });
        } else if let Some(lesson) = lessons.last_mut() {
            lesson.text.push_str(line);
            lesson.text.push('\n');
        } else if !line.trim().is_empty() {
            return Err(Invalid::new("body", "the text begins with a lesson: ## Title"));
        }
    }
    if lessons.is_empty() {
        return Err(Invalid::new("body", "no lesson: ## Title"));
    }
    lessons.iter_mut().for_each(|l| l.text = l.text.trim().to_owned());
    Ok((header, lessons))
}

/// Returns Markdown as HTML. HTML in it is shown as text, links lead to this site or the web only, pictures are left out.
#[must_use]
pub fn to_html(markdown: &str) -> String {
    use pulldown_cmark::{CowStr, Tag};
    let safe = |url: &str| {
        let lower = url.trim().to_ascii_lowercase();
        lower.starts_with("https://") || (lower.starts_with('/') && !lower.starts_with("//")) || lower.starts_with('#')
    };
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if safe(&dest_url) { dest_url } else { CowStr::from("#") };
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::Start(Tag::Image { .. }) | Event::End(pulldown_cmark::TagEnd::Image) => None,
        other => Some(other),
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

/// Course files by name and language.
type Texts = BTreeMap<(String, String), (Header, Vec<Lesson>)>;

impl Academy<'_> {
    fn all_courses(&self) -> Result<Texts, AcademyError> {
        let mut all = BTreeMap::new();
        for text in BUNDLED {
            let (header, lessons) = parse(text)?;
            all.insert((header.course.clone(), header.lang.clone()), (header, lessons));
        }
        let rows = self.read(|db| db.query("SELECT body FROM courses ORDER BY course, lang", &[]))?;
        for row in &rows {
            let (header, lessons) = parse(row.text(0)?)?;
            all.insert((header.course.clone(), header.lang.clone()), (header, lessons));
        }
        Ok(all)
    }

    /// Returns all courses in a language, each in English where it is not translated.
    ///
    /// # Errors
    /// [`AcademyError`] when the database cannot be read.
    pub fn courses(&self, lang: &str) -> Result<Vec<Course>, AcademyError> {
        language_form_ok("lang", lang)?;
        let all = self.all_courses()?;
        let mut names: Vec<&str> = all.keys().map(|k| k.0.as_str()).collect();
        names.dedup();
        let mut courses = Vec::new();
        for name in names {
            let at = |lang: &str| all.get(&(name.to_owned(), lang.to_owned()));
            let of_it = || all.iter().filter(|(k, _)| k.0 == name);
            let fits = best(lang, of_it().map(|(k, _)| k.1.as_str()));
            let Some((header, lessons)) =
                fits.and_then(at).or_else(|| at(SOURCE)).or_else(|| of_it().next().map(|(_, v)| v))
            else {
                continue;
            };
            let newest = at(SOURCE).map(|(h, _)| h.version);
            courses.push(Course {
                outdated: header.of.zip(newest).is_some_and(|(of, newest)| of < newest),
                languages: of_it().map(|(k, _)| k.1.clone()).collect(),
                header: header.clone(),
                lessons: lessons.clone(),
            });
        }
        Ok(courses)
    }

    /// Returns a course in a language, in English where it is not translated.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`].
    pub fn course(&self, name: &str, lang: &str) -> Result<Course, AcademyError> {
        let found = self.courses(lang)?.into_iter().find(|c| c.header.course == name);
        found.ok_or_else(|| AcademyError::NotFound(format!("course {name}")))
    }

    /// Adds a course or translation, or a newer version of one.
    ///
    /// # Errors
    /// [`AcademyError`]; a version that is not newer is refused.
    pub fn add_course(&self, text: &str, actor: &str) -> Result<Header, AcademyError> {
        let (header, _) = parse(text)?;
        let all = self.all_courses()?;
        if let Some((known, _)) = all.get(&(header.course.clone(), header.lang.clone()))
            && known.version >= header.version
        {
            return Err(invalid("version", format!("version {} is there already; raise it", known.version)));
        }
        if header.lang != SOURCE && !all.contains_key(&(header.course.clone(), SOURCE.to_owned())) {
            return Err(invalid("lang", "add the English text first; translations refer to its version".to_owned()));
        }
        let (text, header_row) = (text.to_owned(), header.clone());
        self.transact(actor, move |tx| {
            let sql = "INSERT INTO courses (course, lang, version, body, added, added_by) VALUES ($1, $2, $3, $4, $5, $6)
                       ON CONFLICT (course, lang) DO UPDATE SET version = excluded.version, body = excluded.body, added = excluded.added, added_by = excluded.added_by";
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            let row = [
                header_row.course.as_str().into(),
                header_row.lang.as_str().into(),
                i64::from(header_row.version).into(),
                text.into(),
                now.into(),
                actor.into(),
            ];
            tx.db().execute(sql, &row)?;
            tx.audit("course.added", &format!("course:{}", header_row.course), &serde_json::json!({ "lang": header_row.lang, "version": header_row.version }).to_string());
            Ok(())
        })?;
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_courses_are_translated_and_up_to_date() {
        let mut versions = BTreeMap::new();
        for text in BUNDLED {
            let (header, lessons) = parse(text).unwrap();
            assert!(lessons.len() >= 4, "{} {}", header.course, header.lang);
            versions.entry(header.course.clone()).or_insert_with(Vec::new).push((header, lessons.len()));
        }
        assert_eq!(versions.len(), 4);
        for all in versions.values() {
            let (source, count) = all.iter().find(|(h, _)| h.lang == SOURCE).unwrap();
            assert!(
                all.iter()
                    .all(|(h, n)| h.of.is_none_or(|of| of == source.version) && n == count && h.labs == source.labs)
            );
        }
        // Every lab belongs to a course.
        for lab in &labs::LABS {
            assert!(versions.values().any(|v| v[0].0.labs.iter().any(|l| l == lab.id)), "{}", lab.id);
        }
    }

    #[test]
    fn markdown_cannot_bring_scripts() {
        let html = to_html(
            "<script>y</script>\n\nText <script>x</script> [a](javascript:x) [b](https://x.org) ![p](https://x.org/p.png) **c** <b onclick=x>d</b>",
        );
        assert!(
            !html.contains("<script")
                && !html.contains("javascript")
                && !html.contains("<img")
                && !html.contains("<b "),
            "{html}"
        );
        assert!(html.contains("<strong>c</strong>") && html.contains("href=\"https://x.org\""));
    }

    #[test]
    fn broken_files_name_what_is_wrong() {
        let good = BUNDLED[0];
        assert_eq!(parse("x").unwrap_err().field, "line 1");
        assert_eq!(parse(&good.replacen("lang: en", "lang: english", 1)).unwrap_err().field, "lang");
        assert_eq!(parse(&good.replacen("lang: en", "lang: fr", 1)).unwrap_err().field, "of");
        assert_eq!(parse(&good.replacen("follow-a-ransom", "nothing", 1)).unwrap_err().field, "labs");
    }
}
