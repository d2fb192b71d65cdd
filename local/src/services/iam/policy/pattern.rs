//! Texts with wildcards and policy variables, as policies compare them.
//!
//! In: a text of a policy. Out: a [`Pattern`], or an [`ArnPattern`] whose parts are compared one by one.
//! `*` is any characters, `?` is one, `${aws:username}` is the value of a key of the request, and `${*}`,
//! `${?}`, `${$}` are those characters themselves. What a variable stands for is never read as a wildcard.
//! Source: "Policy elements: Variables and tags" and "Resource" in the IAM User Guide.

use std::borrow::Cow;

use super::Malformed;

/// How a text is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Whether `*` and `?` are wildcards.
    pub(super) wildcards: bool,
    /// Whether `${…}` is a variable: not in policies of the version of 2008.
    pub(super) variables: bool,
    /// Whether upper and lower case are the same; what is compared must then be in lower case.
    pub(super) fold: bool,
}

/// Gives the value of a key of the request, if it has just one.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A text of a policy, ready to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Shape);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Everything,
    Text(String),
    Prefix(String),
    Glob(Vec<Token>),
    Variables { pieces: Vec<Piece>, fold: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    One,
    Many,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Token(Token),
    Variable { key: String, default: Option<String> },
}

impl Pattern {
    /// Reads a text.
    pub(super) fn parse(text: &str, reading: Reading) -> Result<Self, Malformed> {
        let folded = |text: &str| if reading.fold { text.to_lowercase() } else { text.to_owned() };
        let token = |character: char| match character {
            '*' if reading.wildcards => Token::Many,
            '?' if reading.wildcards => Token::One,
            other => Token::Char(other),
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${").filter(|_| reading.variables) {
            let (name, behind) =
                after.split_once('}').ok_or_else(|| Malformed::new(format!("`{text}` has a `${{` without a `}}`")))?;
            pieces.extend(folded(before).chars().map(|character| Piece::Token(token(character))));
            pieces.push(match name {
                "*" => Piece::Token(Token::Char('*')),
                "?" => Piece::Token(Token::Char('?')),
                "$" => Piece::Token(Token::Char('$')),
                name => variable(name)?,
            });
            rest = behind;
        }
        pieces.extend(folded(rest).chars().map(|character| Piece::Token(token(character))));
        Ok(Self(shape(pieces, reading.fold)))
    }

    /// Whether a text is one of those that this stands for.
    pub(super) fn matches(&self, text: &str, lookup: Lookup<'_>) -> bool {
        match &self.0 {
            Shape::Everything => true,
            Shape::Text(exact) => exact == text,
            Shape::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Shape::Glob(tokens) => glob(tokens, text),
            Shape::Variables { pieces, fold } => {
                expanded(pieces, *fold, lookup).is_some_and(|tokens| glob(&tokens, text))
            }
        }
    }
}

fn variable(text: &str) -> Result<Piece, Malformed> {
    let (key, default) = match text.split_once(',') {
        None => (text, None),
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            let wrong = || Malformed::new(format!("the default of the variable `${{{text}}}` is not in single quotes"));
            (key, Some(quoted.ok_or_else(wrong)?.to_owned()))
        }
    };
    let key = key.trim().to_ascii_lowercase();
    super::keys::check(&key)?;
    Ok(Piece::Variable { key, default })
}

fn shape(pieces: Vec<Piece>, fold: bool) -> Shape {
    let plain = |piece: &Piece| match piece {
        Piece::Token(token) => Some(*token),
        Piece::Variable { .. } => None,
    };
    let Some(tokens) = pieces.iter().map(plain).collect::<Option<Vec<Token>>>() else {
        return Shape::Variables { pieces, fold };
    };
    let text = |tokens: &[Token]| {
        let character = |token: &Token| if let Token::Char(character) = token { Some(*character) } else { None };
        tokens.iter().map(character).collect::<Option<String>>()
    };
    match tokens.split_last() {
        Some((Token::Many, [])) => Shape::Everything,
        Some((Token::Many, prefix)) => text(prefix).map_or_else(|| Shape::Glob(tokens.clone()), Shape::Prefix),
        _ => text(&tokens).map_or_else(|| Shape::Glob(tokens.clone()), Shape::Text),
    }
}

/// The pieces with the variables' values; `None` if the request lacks one.
fn expanded(pieces: &[Piece], fold: bool, lookup: Lookup<'_>) -> Option<Vec<Token>> {
    let mut tokens = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match piece {
            Piece::Token(token) => tokens.push(*token),
            Piece::Variable { key, default } => {
                let value = lookup(key).or_else(|| default.clone())?;
                let value = if fold { value.to_lowercase() } else { value };
                tokens.extend(value.chars().map(Token::Char));
            }
        }
    }
    Some(tokens)
}

/// Whether the tokens stand for the whole text. A `*` first stands for nothing, and for one character more
/// each time that what follows does not fit.
fn glob(tokens: &[Token], text: &str) -> bool {
    let (mut tokens, mut text) = (tokens, text.chars());
    let mut last_star = None;
    loop {
        match tokens.split_first() {
            None if text.as_str().is_empty() => return true,
            Some((Token::Many, behind)) => {
                last_star = Some((behind, text.clone()));
                tokens = behind;
                continue;
            }
            Some((token, behind)) => {
                let mut ahead = text.clone();
                let next = ahead.next();
                let fits = match token {
                    Token::Char(character) => next == Some(*character),
                    _ => next.is_some(),
                };
                if fits {
                    (tokens, text) = (behind, ahead);
                    continue;
                }
            }
            None => {}
        }
        let Some((behind, from)) = &mut last_star else { return false };
        if from.next().is_none() {
            return false;
        }
        (tokens, text) = (behind, from.clone());
    }
}

/// A text that stands for ARNs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ArnPattern {
    /// Each part between colons by itself, the last of which is all that follows: `arn:aws:sqs:*` has four.
    Parts(Vec<Pattern>),
    /// `*`, or a variable that stands for an ARN.
    Whole(Pattern),
}

impl ArnPattern {
    /// Reads a text.
    pub(super) fn parse(text: &str, variables: bool) -> Result<Self, Malformed> {
        let reading = Reading { wildcards: true, variables, fold: false };
        if text == "*" {
            return Pattern::parse(text, reading).map(Self::Whole);
        }
        let parts = parts(text);
        if parts.first() == Some(&"arn") && (parts.len() == 6 || parts.len() > 2 && text.ends_with('*')) {
            return parts
                .into_iter()
                .map(|part| Pattern::parse(part, reading))
                .collect::<Result<_, _>>()
                .map(Self::Parts);
        }
        if variables && text.starts_with("${") {
            return Pattern::parse(text, reading).map(Self::Whole);
        }
        Err(Malformed::new(format!("Resource {text} must be in ARN format or \"*\".")))
    }

    /// Whether an ARN (or `*`, for what concerns no one resource) is one of those that this stands for.
    pub(super) fn matches(&self, arn: &str, lookup: Lookup<'_>) -> bool {
        match self {
            Self::Whole(pattern) => pattern.matches(arn, lookup),
            Self::Parts(patterns) => {
                let mut parts = arn.splitn(patterns.len(), ':');
                patterns.iter().all(|pattern| parts.next().is_some_and(|part| pattern.matches(part, lookup)))
            }
        }
    }
}

/// At most six parts between colons; those within a variable's braces separate nothing.
fn parts(text: &str) -> Vec<&str> {
    let mut found = Vec::with_capacity(6);
    let (mut from, mut braces) = (0, false);
    for (at, character) in text.char_indices() {
        match character {
            '{' => braces = text.get(..at).is_some_and(|before| before.ends_with('$')),
            '}' => braces = false,
            ':' if !braces && found.len() < 5 => {
                found.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    found.extend(text.get(from..));
    found
}

/// A text in lower case, without a copy if it is that.
pub(in crate::services::iam) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Reading = Reading { wildcards: true, variables: true, fold: false };

    fn lookup(key: &str) -> Option<String> {
        (key == "aws:userid").then(|| "A*".to_owned())
    }

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern, PLAIN).unwrap().matches(text, &lookup)
    }

    /// What `*` and `?` mean, without a thought for speed.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', behind @ ..], _) => naive(behind, text) || matches!(text, [_, rest @ ..] if naive(pattern, rest)),
            (['?', behind @ ..], [_, rest @ ..]) => naive(behind, rest),
            ([a, behind @ ..], [b, rest @ ..]) if a == b => naive(behind, rest),
            _ => false,
        }
    }

    #[test]
    fn wildcards_match_as_the_naive_reference_says() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut hits = 0;
        for _ in 0..50_000 {
            let draw = |random: &mut fastrand::Rng, from: &[char], most: usize| -> Vec<char> {
                (0..random.usize(..=most)).map(|_| from[random.usize(..from.len())]).collect()
            };
            let pattern = draw(&mut random, &['a', 'b', 'ä', '*', '*', '?'], 8);
            let text = draw(&mut random, &['a', 'b', 'ä'], 10);
            let expected = naive(&pattern, &text);
            let (pattern, text) = (String::from_iter(pattern), String::from_iter(text));
            assert_eq!(matches(&pattern, &text), expected, "`{pattern}` on `{text}`");
            hits += usize::from(expected);
        }
        assert!(hits > 5_000, "the texts are drawn so that enough match: {hits}");
    }

    #[test]
    fn nothing_that_is_drawn_makes_it_panic() {
        let mut random = fastrand::Rng::with_seed(8);
        let parts = ["$", "{", "}", "*", "?", ":", "arn", "aws:userid", ", '", "'", "ä", "a", "${aws:userid}"];
        for _ in 0..20_000 {
            let text: String = (0..random.usize(..12)).map(|_| parts[random.usize(..parts.len())]).collect();
            for fold in [false, true] {
                if let Ok(pattern) = Pattern::parse(&text, Reading { fold, ..PLAIN }) {
                    pattern.matches(&text, &lookup);
                }
            }
            if let Ok(pattern) = ArnPattern::parse(&text, true) {
                pattern.matches(&text, &lookup);
            }
        }
    }

    #[test]
    fn a_long_pattern_takes_no_long_time() {
        let pattern = format!("{}b", "*a".repeat(30));
        assert!(!matches(&pattern, &"a".repeat(10_000)));
    }

    #[test]
    fn variables_stand_for_values_and_not_for_wildcards() {
        assert!(matches("x-${aws:userid}", "x-A*"));
        assert!(!matches("x-${aws:userid}", "x-AB"));
        assert!(matches("${aws:userid}-*", "A*-z"));
        assert!(!matches("${aws:username}", "anything"), "what the request lacks matches nothing");
        assert!(matches("${aws:username, 'nobody'}", "nobody"));
        assert!(matches("${*}${?}${$}", "*?$"));
        assert!(!matches("${*}", "a"));
        let old = Pattern::parse("${aws:userid}", Reading { variables: false, ..PLAIN }).unwrap();
        assert!(old.matches("${aws:userid}", &lookup));
    }

    #[test]
    fn a_variable_that_cannot_be_read_is_named() {
        let error = |text| Pattern::parse(text, PLAIN).unwrap_err().to_string();
        assert!(error("${aws:userid").contains("without a `}`"));
        assert!(error("${aws:userid, nobody}").contains("single quotes"));
        assert!(error("${aws:Colour}").contains("aws:colour"));
    }

    #[test]
    fn an_arn_is_compared_part_by_part() {
        let matches = |pattern: &str, arn: &str| ArnPattern::parse(pattern, true).unwrap().matches(arn, &lookup);
        let queue = "arn:aws:sqs:eu-west-1:000000000000:orders-new";
        for pattern in [
            "*",
            queue,
            "arn:aws:sqs:*",
            "arn:*:sqs:*:*:orders-*",
            "arn:aws:sqs:eu-west-?:000000000000:*",
            "arn:aws:*:*:*:*",
        ] {
            assert!(matches(pattern, queue), "{pattern}");
        }
        for pattern in
            ["arn:aws:sns:*", "arn:aws:sqs:*:orders-new*", "arn:*:orders-new:*:*:*", "arn:aws:sqs:*:*:orders"]
        {
            assert!(!ArnPattern::parse(pattern, true).unwrap().matches(queue, &lookup), "{pattern}");
        }
        let function = "arn:aws:lambda:eu-west-1:000000000000:function:a:live";
        assert!(matches("arn:aws:lambda:*:*:function:*", function), "the last part may hold colons");
        assert!(matches("arn:aws:sqs:*:*:${aws:PrincipalTag/a:b, 'orders-new'}", queue));
        for text in ["orders", "arn:aws:sqs", "arn:*", "sqs:*:a:b:c:d", ""] {
            assert!(ArnPattern::parse(text, true).unwrap_err().to_string().contains("ARN format"), "{text}");
        }
    }
}
