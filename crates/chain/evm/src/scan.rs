//! A reader of JSON without recursion, for answers nested as deep as the EVM's calls (1,024 levels and two for each).

use crate::BlockError;

/// A place in a JSON text.
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Scanner { text, at: 0 }
    }

    fn wrong(&self, expected: &str) -> BlockError {
        BlockError::malformed("answer", format!("{expected} expected at byte {}", self.at))
    }

    /// Returns the next character that is no white space, and stays before it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Moves behind a character if it is next.
    pub(crate) fn next_if(&mut self, character: u8) -> bool {
        let is_next = self.peek() == Some(character);
        self.at += usize::from(is_next);
        is_next
    }

    /// Moves behind a character that has to be next.
    pub(crate) fn expect(&mut self, character: u8) -> Result<(), BlockError> {
        if self.next_if(character) { Ok(()) } else { Err(self.wrong(&format!("'{}'", char::from(character)))) }
    }

    /// Refuses anything but white space.
    pub(crate) fn end(&mut self) -> Result<(), BlockError> {
        if self.peek().is_none() { Ok(()) } else { Err(self.wrong("the end")) }
    }

    /// Returns a text as it is written, without its quotes; escapes stay.
    pub(crate) fn string(&mut self) -> Result<&'a str, BlockError> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(self.wrong("'\"'")),
            }
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).map_err(|e| BlockError::malformed("answer", e));
        self.at += 1;
        text
    }

    /// Returns a text, or `None` for `null`.
    pub(crate) fn optional_string(&mut self) -> Result<Option<&'a str>, BlockError> {
        if self.peek() == Some(b'"') { self.string().map(Some) } else { self.skip().map(|()| None) }
    }

    /// Returns a number, or a text with one, as it is written; `None` for `null`.
    pub(crate) fn scalar(&mut self) -> Result<Option<&'a str>, BlockError> {
        match self.peek() {
            Some(b'0'..=b'9') => {
                let start = self.at;
                while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
                    self.at += 1;
                }
                std::str::from_utf8(&self.text[start..self.at])
                    .map(Some)
                    .map_err(|e| BlockError::malformed("answer", e))
            }
            _ => self.optional_string(),
        }
    }

    /// Returns the next value as it is written, and moves behind it.
    pub(crate) fn value(&mut self) -> Result<&'a [u8], BlockError> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }

    /// Moves behind the next value, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<(), BlockError> {
        let mut level = 0usize;
        loop {
            match self.peek().ok_or_else(|| self.wrong("a value"))? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    level += 1;
                    self.at += 1;
                }
                b'}' | b']' if level > 0 => {
                    level -= 1;
                    self.at += 1;
                }
                b',' | b':' if level > 0 => self.at += 1,
                b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                    while self.text.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)) {
                        self.at += 1;
                    }
                }
                _ => return Err(self.wrong("a value")),
            }
            if level == 0 {
                return Ok(());
            }
        }
    }
}
