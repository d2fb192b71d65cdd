//! The part of regular expressions on which JSON Schema, JavaScript and Rust agree.
//!
//! In: a pattern. Out: how many characters it matches at least, or what is wrong. The three differ in
//! `\d`, `\w`, `\s`, `\b` (Unicode or ASCII), in look-around, in back references, in named groups and flags,
//! and in what may stand unescaped: those are refused.

use std::iter::Peekable;
use std::str::Chars;

/// What is wrong with a pattern, and what to write in its place.
pub(in crate::rules) type Mistake = (String, Option<&'static str>);

/// The most repetitions that one part may ask for.
const MOST: u32 = 1_000;

/// How deep groups may lie in each other.
const DEEPEST: usize = 20;

/// The fewest characters that a pattern matches, if it is in the common part.
pub(in crate::rules) fn shortest(pattern: &str) -> Result<u64, Mistake> {
    let mut reader = Reader { chars: pattern.chars().peekable(), depth: 0 };
    let shortest = reader.alternatives()?;
    match reader.chars.next() {
        None => Ok(shortest),
        Some(_) => plain("a `)` without its `(`"),
    }
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    depth: usize,
}

fn plain<T>(said: &str) -> Result<T, Mistake> {
    Err((said.to_owned(), None))
}

impl Reader<'_> {
    fn alternatives(&mut self) -> Result<u64, Mistake> {
        let mut shortest = self.sequence()?;
        while self.chars.next_if_eq(&'|').is_some() {
            shortest = shortest.min(self.sequence()?);
        }
        Ok(shortest)
    }

    fn sequence(&mut self) -> Result<u64, Mistake> {
        let mut sum = 0_u64;
        while let Some(c) = self.chars.next_if(|c| !matches!(c, '|' | ')')) {
            let one = match c {
                '^' | '$' => {
                    if self.chars.peek().is_some_and(|c| matches!(c, '*' | '+' | '?' | '{')) {
                        return plain("an anchor cannot be repeated");
                    }
                    continue;
                }
                '(' => self.group()?,
                '[' => self.class()?,
                '\\' => self.escape(false)?,
                '*' | '+' | '?' => return Err((format!("`{c}` has nothing to repeat"), None)),
                '{' | '}' | ']' => return Err((format!("a literal `{c}` is escaped by a backslash"), None)),
                _ => 1,
            };
            let times = self.repeated()?;
            sum = sum.saturating_add(one.saturating_mul(u64::from(times)));
        }
        Ok(sum)
    }

    fn group(&mut self) -> Result<u64, Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return plain("groups lie too deep in each other");
        }
        if self.chars.next_if_eq(&'?').is_some() {
            match self.chars.next() {
                Some(':') => {}
                Some('=' | '!' | '<') => {
                    return Err(("look-around and named groups are not the same everywhere".into(), None));
                }
                _ => return Err(("flags are not the same everywhere".into(), Some("spell the cases out: `[Aa]`"))),
            }
        }
        let shortest = self.alternatives()?;
        self.depth -= 1;
        match self.chars.next() {
            Some(')') => Ok(shortest),
            _ => plain("a `(` without its `)`"),
        }
    }

    fn class(&mut self) -> Result<u64, Mistake> {
        self.chars.next_if_eq(&'^');
        let mut last: Option<char> = None;
        let mut empty = true;
        loop {
            let c = match self.chars.next() {
                None => return plain("a `[` without its `]`"),
                Some(']') if empty => return plain("an empty class matches nothing"),
                Some(']') => return Ok(1),
                Some('[') => return plain("a `[` in a class is escaped: `\\[`"),
                Some(c @ ('&' | '~')) if self.chars.peek() == Some(&c) => {
                    return Err((format!("`{c}{c}` in a class is not the same everywhere"), None));
                }
                Some('\\') => {
                    self.escape(true)?;
                    empty = false;
                    last = None;
                    continue;
                }
                Some(c) => c,
            };
            empty = false;
            if c == '-' && self.chars.peek().is_some_and(|n| *n != ']') {
                let (Some(from), Some(to)) = (last, self.chars.next()) else {
                    return plain("a literal `-` in a class is escaped: `\\-`");
                };
                if matches!(to, '\\' | '[' | '-') || to < from {
                    return Err((format!("`{from}-{to}` is no range"), None));
                }
                last = None;
            } else {
                last = Some(c);
            }
        }
    }

    fn escape(&mut self, in_class: bool) -> Result<u64, Mistake> {
        match self.chars.next() {
            None => plain("a backslash at the end"),
            Some('d') => {
                Err(("`\\d` means ASCII digits to some and Unicode's to others".into(), Some("write `[0-9]`")))
            }
            Some('w') => {
                Err(("`\\w` means ASCII words to some and Unicode's to others".into(), Some("write `[A-Za-z0-9_]`")))
            }
            Some('s') => Err(("`\\s` is not the same everywhere".into(), Some("write `[ \\t]`"))),
            Some(c @ ('D' | 'W' | 'S')) => {
                Err((format!("`\\{c}` is not the same everywhere"), Some("write a class: `[^0-9]`")))
            }
            Some(c @ ('b' | 'B' | 'A' | 'z' | 'Z' | 'G')) => Err((format!("`\\{c}` is not the same everywhere"), None)),
            Some('0'..='9' | 'k') => plain("back references are not the same everywhere"),
            Some('n' | 'r' | 't') => Ok(1),
            Some('-') if in_class => Ok(1),
            Some('^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/') => Ok(1),
            Some('p') if self.chars.next_if_eq(&'{').is_some() => {
                while self.chars.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '=')).is_some() {}
                if self.chars.next() == Some('}') { Ok(1) } else { plain("a property is written `\\p{L}`") }
            }
            Some(c) => Err((format!("`\\{c}` is not the same everywhere"), None)),
        }
    }

    /// How often the part before is matched at least.
    fn repeated(&mut self) -> Result<u32, Mistake> {
        let times = match self.chars.peek() {
            Some('*' | '?') => 0,
            Some('+') => 1,
            Some('{') => {
                self.chars.next();
                let low = self.number()?;
                let high = match self.chars.next() {
                    Some('}') => return self.lazy(low),
                    Some(',') if self.chars.peek() == Some(&'}') => low,
                    Some(',') => self.number()?,
                    _ => return plain("a repetition is `{2}`, `{2,}` or `{2,5}`"),
                };
                if high < low {
                    return Err((format!("`{{{low},{high}}}` is the wrong way round"), None));
                }
                if self.chars.next() != Some('}') {
                    return plain("a repetition is `{2}`, `{2,}` or `{2,5}`");
                }
                return self.lazy(low);
            }
            _ => return Ok(1),
        };
        self.chars.next();
        self.lazy(times)
    }

    fn lazy(&mut self, times: u32) -> Result<u32, Mistake> {
        self.chars.next_if_eq(&'?');
        Ok(times)
    }

    fn number(&mut self) -> Result<u32, Mistake> {
        let mut digits = String::new();
        while let Some(c) = self.chars.next_if(char::is_ascii_digit) {
            digits.push(c);
        }
        match digits.parse::<u32>() {
            Ok(n) if n <= MOST => Ok(n),
            Ok(_) => {
                Err((format!("a part is repeated at most {MOST} times"), Some("limit the length by `max_length`")))
            }
            Err(_) => plain("a repetition is `{2}`, `{2,}` or `{2,5}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[test]
    fn the_fewest_characters_are_counted() {
        for (pattern, wanted) in [
            ("", 0),
            ("^[a-z]{3,5}$", 3),
            ("(?:ab|c)+d?", 1),
            ("a*b{2}", 2),
            ("\\p{Lu}[^\\]\\-]\\.", 3),
            ("x|yy", 1),
            ("[a-]", 1),
        ] {
            assert_eq!(shortest(pattern), Ok(wanted), "{pattern}");
        }
    }

    #[test]
    fn what_is_not_the_same_everywhere_is_refused() {
        for pattern in [
            "(",
            ")",
            "[",
            "[]",
            "a{",
            "a{2,1}",
            "*",
            "a**",
            "(?=a)",
            "(?<n>a)",
            "(?i)a",
            "\\1",
            "\\d",
            "\\w",
            "\\bx",
            "[z-a]",
            "[[:alpha:]]",
            "[a&&b]",
            "a{9999}",
            "\\",
            "}",
            "]",
            "a++",
        ] {
            assert!(shortest(pattern).is_err(), "{pattern}");
        }
        assert!(shortest(&"(".repeat(10_000)).is_err());
    }
}
