//! QR codes (ISO/IEC 18004) of a text: as SVG, as PNG, and as text for a terminal.

use crate::DocumentError;
use qrcode::render::unicode::Dense1x2;
use qrcode::{Color, QrCode};

/// Modules of the light border around a code (ISO/IEC 18004, 6.3.8).
const BORDER: usize = 4;
/// Pixels of a module in a PNG.
const PIXELS: usize = 8;

fn failed(cause: impl std::fmt::Display) -> DocumentError {
    DocumentError::Qr(cause.to_string())
}

fn code_of(text: &str) -> Result<QrCode, DocumentError> {
    QrCode::new(text).map_err(failed)
}

/// Returns which modules are dark, row by row, with the border.
fn rows(code: &QrCode) -> Vec<Vec<bool>> {
    let (size, colors) = (code.width(), code.to_colors());
    let whole = size + 2 * BORDER;
    let mut rows = vec![vec![false; whole]; whole];
    for (i, color) in colors.iter().enumerate() {
        rows[BORDER + i / size][BORDER + i % size] = *color == Color::Dark;
    }
    rows
}

/// Returns a QR code as an `svg` element, dark on light; its size is the reader's, its name is `label`.
///
/// # Errors
/// [`DocumentError::Qr`] when the text is too long.
pub fn svg(text: &str, label: &str) -> Result<String, DocumentError> {
    let rows = rows(&code_of(text)?);
    let size = rows.len();
    let mut path = String::new();
    for (y, row) in rows.iter().enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    let label = label.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{size}\" height=\"{size}\" fill=\"#fff\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// Returns a QR code as a PNG.
///
/// # Errors
/// [`DocumentError::Qr`] when the text is too long.
pub fn png(text: &str) -> Result<Vec<u8>, DocumentError> {
    let rows = rows(&code_of(text)?);
    let size = rows.len() * PIXELS;
    let mut pixels = Vec::with_capacity(size * size);
    for row in &rows {
        let line: Vec<u8> = row.iter().flat_map(|dark| [if *dark { 0 } else { 255 }; PIXELS]).collect();
        (0..PIXELS).for_each(|_| pixels.extend_from_slice(&line));
    }
    let side = u32::try_from(size).map_err(failed)?;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

/// Returns a QR code as text for a terminal, two modules a character.
///
/// # Errors
/// [`DocumentError::Qr`] when the text is too long.
pub fn terminal(text: &str) -> Result<String, DocumentError> {
    let code = code_of(text)?;
    // Blocks are drawn where the code is light: it is dark on light before a dark background. Readers take the inverse too.
    Ok(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/Holdfast:ana?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Holdfast";

    #[test]
    fn the_three_forms_show_the_same_modules() {
        let rows = rows(&code_of(URI).unwrap());
        let dark = rows.iter().flatten().filter(|d| **d).count();
        let svg = svg(URI, "a \"code\"").unwrap();
        assert_eq!(svg.matches('M').count(), dark);
        assert!(svg.contains("aria-label=\"a &quot;code&quot;\"") && !svg.contains("<?xml"), "{svg}");
        let bytes = png(URI).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels.iter().filter(|p| **p == 0).count(), dark * PIXELS * PIXELS);
        let text = terminal(URI).unwrap();
        assert_eq!(text.lines().count(), rows.len().div_ceil(2));
        assert!(text.lines().all(|l| l.chars().count() == rows.len()), "{text}");
    }

    #[test]
    fn a_text_that_no_code_holds_is_refused() {
        assert!(matches!(svg(&"x".repeat(8_000), ""), Err(DocumentError::Qr(_))));
    }
}
