//! Pictures of the field guide and the academy, drawn by us: shapes without marks of makers. Lines take the colour of the text, so that they are seen in
//! both themes; what a picture shows stands in its title and below it.

use holdfast_page::texts::t;
use maud::{Markup, PreEscaped, html};
use std::fmt::Write as _;

/// A picture: keys of its title and of the text below it, its size, and its shapes.
struct Picture {
    title: &'static str,
    text: &'static str,
    size: (u32, u32),
    shapes: String,
}

fn figure(picture: &Picture) -> Markup {
    let (width, height) = picture.size;
    html! {
        figure.picture {
            svg role="img" aria-label=(t!(picture.title)) viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) {
                title { (t!(picture.title)) }
                (PreEscaped(&picture.shapes))
            }
            figcaption { (t!(picture.text)) }
        }
    }
}

/// A pattern of squares that looks like a QR code and encodes nothing.
fn code(x: u32, y: u32) -> String {
    let mut out = format!(r#"<rect class="sheet" x="{x}" y="{y}" width="66" height="66"/>"#);
    for (dx, dy) in [(3, 3), (45, 3), (3, 45)] {
        let (x, y) = (x + dx, y + dy);
        let _ = write!(out, r#"<rect x="{x}" y="{y}" width="18" height="18"/>"#);
        let _ = write!(out, r#"<rect class="ink" x="{}" y="{}" width="8" height="8"/>"#, x + 5, y + 5);
    }
    for i in 0..49_u32 {
        let (column, row) = (i % 7, i / 7);
        let in_corner = (row < 3 && !(3..=4).contains(&column)) || (column < 3 && row > 4);
        // A fixed mixture: the same picture each time.
        if !in_corner && (i * i + row * 3 + column) % 5 < 3 {
            let _ = write!(
                out,
                r#"<rect class="ink" x="{}" y="{}" width="7" height="7"/>"#,
                x + 4 + column * 8,
                y + 4 + row * 8
            );
        }
    }
    out
}

/// Rows of short lines that stand for words, each with its number.
fn words(x: u32, y: u32, columns: u32, rows: u32, step: (u32, u32)) -> String {
    let mut out = String::new();
    for i in 0..columns * rows {
        let (left, top) = (x + i / rows * step.0, y + i % rows * step.1);
        let length = 34 + (i * 13) % 22;
        let _ = write!(out, r#"<text x="{left}" y="{top}">{}</text>"#, i + 1);
        let _ = write!(out, r#"<path class="word" d="M{} {}h{length}"/>"#, left + 20, top - 4);
    }
    out
}

fn phrase() -> Picture {
    let mut shapes = String::from(r#"<path class="sheet" d="M20 12h230l30 28v148H20z"/><path d="M250 12v28h30"/>"#);
    shapes += &words(44, 52, 2, 6, (118, 24));
    Picture { title: "picture-phrase", text: "picture-phrase-text", size: (300, 200), shapes }
}

fn plate() -> Picture {
    let mut shapes = String::from(r#"<rect class="metal" x="16" y="20" width="268" height="160" rx="10"/>"#);
    for (x, y) in [(30, 34), (270, 34), (30, 166), (270, 166)] {
        let _ = write!(shapes, r#"<circle class="sheet" cx="{x}" cy="{y}" r="6"/>"#);
    }
    for i in 0..12_u32 {
        let (x, y) = (48 + i / 6 * 116, 44 + i % 6 * 21);
        let _ = write!(shapes, r#"<text x="{x}" y="{}">{}</text>"#, y + 12, i + 1);
        for letter in 0..4_u32 {
            let _ = write!(
                shapes,
                r#"<rect class="sheet" x="{}" y="{y}" width="16" height="16" rx="2"/>"#,
                x + 20 + letter * 18
            );
            // Punched marks: which letter it is, is not drawn.
            let (dx, dy) = (4 + (i * 5 + letter * 3) % 8, 4 + (i * 3 + letter * 7) % 8);
            let _ = write!(shapes, r#"<circle class="ink" cx="{}" cy="{}" r="2"/>"#, x + 20 + letter * 18 + dx, y + dy);
        }
    }
    Picture { title: "picture-plate", text: "picture-plate-text", size: (300, 200), shapes }
}

fn paper() -> Picture {
    let mut shapes = String::from(
        r#"<rect class="sheet" x="12" y="24" width="396" height="132" rx="4"/><path class="fold" d="M280 24v132"/>"#,
    );
    shapes += &code(30, 54);
    shapes += &code(320, 54);
    shapes += r#"<path class="word" d="M112 70h140M112 88h110"/><path class="word" d="M112 118h150M112 134h90"/>"#;
    shapes +=
        r#"<path class="danger" d="M312 46h82v82h-82z"/><text x="30" y="142">1</text><text x="322" y="146">2</text>"#;
    Picture { title: "picture-paper", text: "picture-paper-text", size: (420, 180), shapes }
}

fn devices() -> Picture {
    let shapes = concat!(
        // A stick with a small display, one that is like a remote control, one with a touch screen, a card.
        r#"<rect class="metal" x="16" y="40" width="44" height="120" rx="10"/><rect class="sheet" x="24" y="56" width="28" height="40" rx="2"/>"#,
        r#"<circle class="sheet" cx="38" cy="124" r="9"/><path d="M28 40v-16h20v16M33 24v-8M43 24v-8"/><text x="32" y="182">1</text>"#,
        r#"<rect class="metal" x="92" y="36" width="70" height="124" rx="16"/><rect class="sheet" x="102" y="50" width="50" height="34" rx="2"/>"#,
        r#"<rect class="sheet" x="104" y="104" width="18" height="14" rx="4"/><rect class="sheet" x="132" y="104" width="18" height="14" rx="4"/><path d="M127 160v14"/><text x="122" y="190">2</text>"#,
        r#"<rect class="metal" x="194" y="30" width="84" height="136" rx="8"/><rect class="sheet" x="202" y="42" width="68" height="100" rx="2"/>"#,
        r#"<path class="word" d="M212 60h48M212 76h36M212 92h44"/><circle cx="236" cy="154" r="4"/><text x="232" y="188">3</text>"#,
        r#"<rect class="metal" x="310" y="62" width="124" height="78" rx="8"/><rect class="sheet" x="326" y="84" width="24" height="18" rx="3"/>"#,
        r#"<path d="M392 90a14 14 0 0 1 0 22M401 84a24 24 0 0 1 0 34M410 78a34 34 0 0 1 0 46"/><text x="368" y="162">4</text>"#,
    );
    Picture { title: "picture-devices", text: "picture-devices-text", size: (450, 200), shapes: shapes.to_owned() }
}

fn peel_chain() -> Picture {
    let mut shapes = String::new();
    for (i, amount) in [100_u32, 97, 93, 90].into_iter().enumerate() {
        let x = 16 + u32::try_from(i).unwrap_or(0) * 132;
        let _ = write!(
            shapes,
            r#"<rect class="sheet" x="{x}" y="24" width="72" height="40" rx="6"/><text class="mid" x="{}" y="49">{amount}</text>"#,
            x + 36
        );
        if i < 3 {
            let peeled = [3, 4, 3].get(i).copied().unwrap_or(0);
            let _ = write!(
                shapes,
                r#"<path class="flow" d="M{} 44h54"/><path class="tip" d="M{} 38l10 6-10 6z"/>"#,
                x + 72,
                x + 122
            );
            let _ = write!(
                shapes,
                r#"<path class="flow" d="M{0} 64v44"/><path class="tip" d="M{1} 106l6 10 6-10z"/>"#,
                x + 36,
                x + 30
            );
            let _ = write!(
                shapes,
                r#"<circle class="low" cx="{0}" cy="134" r="18"/><text class="mid" x="{0}" y="139">{peeled}</text>"#,
                x + 36
            );
        }
    }
    Picture { title: "picture-peel", text: "picture-peel-text", size: (500, 164), shapes }
}

fn coinjoin() -> Picture {
    let mut shapes = String::from(r#"<rect class="metal" x="176" y="16" width="108" height="176" rx="8"/>"#);
    for (i, amount) in ["0.8", "1.3", "0.6", "1.1"].iter().enumerate() {
        let y = 38 + u32::try_from(i).unwrap_or(0) * 44;
        let _ = write!(
            shapes,
            r#"<circle class="low" cx="60" cy="{y}" r="18"/><text class="mid" x="60" y="{}">{amount}</text>"#,
            y + 5
        );
        let _ =
            write!(shapes, r#"<path class="flow" d="M78 {y}h86"/><path class="tip" d="M164 {}l10 6-10 6z"/>"#, y - 6);
        let _ =
            write!(shapes, r#"<path class="flow" d="M284 {y}h86"/><path class="tip" d="M370 {}l10 6-10 6z"/>"#, y - 6);
        let _ = write!(
            shapes,
            r#"<circle class="unknown" cx="400" cy="{y}" r="18"/><text class="mid" x="400" y="{}">0.5</text>"#,
            y + 5
        );
    }
    shapes += r#"<text class="mid" x="230" y="110">?</text>"#;
    Picture { title: "picture-coinjoin", text: "picture-coinjoin-text", size: (460, 208), shapes }
}

/// Returns the picture of a thing of the field guide, by the key of its name.
pub(crate) fn of_thing(name: &str) -> Markup {
    let picture = match name {
        "guide-phrase-name" => phrase(),
        "guide-metal-name" => plate(),
        "guide-paper-name" => paper(),
        "guide-hardware-name" => devices(),
        _ => return Markup::default(),
    };
    figure(&picture)
}

/// Returns the pictures of a course.
pub(crate) fn of_course(course: &str) -> Markup {
    match course {
        "tracing-payments" => html! { (figure(&peel_chain())) (figure(&coinjoin())) },
        "wallets-at-a-scene" => {
            html! { (figure(&phrase())) (figure(&plate())) (figure(&paper())) (figure(&devices())) }
        }
        _ => Markup::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_titles_and_no_styles_of_their_own() {
        for picture in [phrase(), plate(), paper(), devices(), peel_chain(), coinjoin()] {
            let shown = figure(&picture).into_string();
            assert!(shown.contains("role=\"img\"") && shown.contains("<title>"), "{shown}");
            assert!(!shown.contains(picture.title) && !shown.contains("style="), "a text is missing: {shown}");
            // Colours come from the style sheet, so that both themes have theirs.
            assert!(!picture.shapes.contains("fill=") && !picture.shapes.contains("stroke="), "{shown}");
        }
    }

    #[test]
    fn amounts_of_the_pictures_add_up() {
        let shapes = peel_chain().shapes;
        let numbers: Vec<u32> = shapes
            .split("<text")
            .skip(1)
            .filter_map(|t| t.split_once('>')?.1.split('<').next()?.parse().ok())
            .collect();
        assert_eq!(numbers, [100, 3, 97, 4, 93, 3, 90]);
        assert_eq!((100 - 3, 97 - 4, 93 - 3), (97, 93, 90));
    }
}
