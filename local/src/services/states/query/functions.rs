//! The functions that Step Functions adds to JSONata, and those whose time or chance is the engine's.
//!
//! Source: "JSONata functions provided by Step Functions" in "Transforming data with JSONata". Hashes and
//! ranges are what the intrinsic functions of JSONPath stand on too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use md5::{Digest, Md5};
use ring::digest;

use super::Sight;
use crate::kernel::Random;

/// The most items that a range or partition makes: as many as an intrinsic function of JSONPath may.
pub(super) const ITEMS: f64 = 1_000_000.0;

type Answer = Result<JValue, EvaluatorError>;

/// Puts the functions into an evaluator.
pub(super) fn register(evaluator: &mut Evaluator, sight: &Sight<'_>) -> Result<(), EvaluatorError> {
    evaluator.register_fn("partition", |arguments: &[JValue]| partition(arguments))?;
    evaluator.register_fn("range", |arguments: &[JValue]| range(arguments))?;
    evaluator.register_fn("hash", |arguments: &[JValue]| hash(arguments))?;
    evaluator.register_fn("parse", |arguments: &[JValue]| parse(arguments))?;
    let random = sight.random.clone();
    evaluator.register_fn_override("pad", |arguments: &[JValue]| pad(arguments))?;
    evaluator.register_fn("uuid", move |_: &[JValue]| Ok(JValue::string(random.uuid())))?;
    let random = sight.random.clone();
    evaluator.register_fn_override("random", move |arguments: &[JValue]| Ok(seeded(&random, arguments)))?;
    let random = sight.random.clone();
    evaluator.register_fn_override("shuffle", move |arguments: &[JValue]| shuffle(&random, arguments))?;
    let now = sight.now;
    evaluator.register_fn_override("millis", move |_: &[JValue]| Ok(JValue::from_i64(now.millis())))?;
    evaluator.register_fn_override("now", move |arguments: &[JValue]| match arguments {
        [] => Ok(JValue::string(now.rfc3339())),
        _ => formatted(now.millis(), arguments),
    })
}

fn error(message: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(message.into())
}

fn number(arguments: &[JValue], at: usize, function: &str) -> Result<f64, EvaluatorError> {
    let found = arguments.get(at).and_then(JValue::as_f64);
    found.ok_or_else(|| error(format!("argument {} of function {function} is no number", at + 1)))
}

fn text<'a>(arguments: &'a [JValue], at: usize, function: &str) -> Result<&'a str, EvaluatorError> {
    let found = arguments.get(at).and_then(JValue::as_str);
    found.ok_or_else(|| error(format!("argument {} of function {function} is no string", at + 1)))
}

fn partition(arguments: &[JValue]) -> Answer {
    let items = match arguments.first() {
        Some(JValue::Array(items)) => items.to_vec(),
        Some(JValue::Undefined) | None => return Ok(JValue::Undefined),
        Some(single) => vec![single.clone()],
    };
    let size = number(arguments, 1, "partition")?.trunc();
    if size < 1.0 {
        return Err(error("the size of a partition is not positive"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive; the cast saturates")]
    let chunks = items.chunks(size as usize);
    Ok(JValue::cons(chunks.map(|chunk| JValue::cons(chunk.to_vec())).collect()))
}

/// JSONata's own, with a bound: a text that fits no payload is not even made.
fn pad(arguments: &[JValue]) -> Answer {
    let Some(padded) = arguments.first().and_then(JValue::as_str) else { return Ok(JValue::Undefined) };
    let width = number(arguments, 1, "pad")?.trunc();
    if width.abs() > ITEMS {
        return Err(error(format!("a text is padded to {ITEMS} characters at most")));
    }
    let filler = arguments.get(2).and_then(JValue::as_str).filter(|filler| !filler.is_empty()).unwrap_or(" ");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and bounded")]
    let missing = (width.abs() as usize).saturating_sub(padded.chars().count());
    let filling: String = filler.chars().cycle().take(missing).collect();
    Ok(JValue::string(if width < 0.0 { filling + padded } else { padded.to_owned() + &filling }))
}

fn range(arguments: &[JValue]) -> Answer {
    let (start, end) = (number(arguments, 0, "range")?, number(arguments, 1, "range")?);
    let step = number(arguments, 2, "range")?;
    let numbers = steps(start, end, step).map_err(error)?;
    Ok(JValue::array(numbers.into_iter().map(JValue::from_f64).collect()))
}

/// The numbers from `start` to `end`, which is among them if a step meets it.
pub(super) fn steps(start: f64, end: f64, step: f64) -> Result<Vec<f64>, String> {
    if step == 0.0 {
        return Err("the step of a range is 0".to_owned());
    }
    let count = ((end - start) / step).floor() + 1.0;
    if count > ITEMS {
        return Err(format!("a range has more than {ITEMS} items"));
    }
    let mut numbers = Vec::new();
    let mut index = 0.0;
    while index < count {
        numbers.push(start + index * step);
        index += 1.0;
    }
    Ok(numbers)
}

fn hash(arguments: &[JValue]) -> Answer {
    if matches!(arguments.first(), Some(JValue::Undefined)) {
        return Ok(JValue::Undefined);
    }
    let (data, algorithm) = (text(arguments, 0, "hash")?, text(arguments, 1, "hash")?);
    match digested(data.as_bytes(), algorithm) {
        Some(hash) => Ok(JValue::string(hash)),
        None => Err(error(format!("`{algorithm}` is no algorithm: MD5, SHA-1, SHA-256, SHA-384 or SHA-512"))),
    }
}

/// The hash of these bytes in hexadecimal; none for an algorithm that Step Functions does not have.
pub(super) fn digested(bytes: &[u8], algorithm: &str) -> Option<String> {
    let algorithm = match algorithm {
        "MD5" => return Some(hex(&Md5::digest(bytes))),
        "SHA-1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "SHA-256" => &digest::SHA256,
        "SHA-384" => &digest::SHA384,
        "SHA-512" => &digest::SHA512,
        _ => return None,
    };
    Some(hex(digest::digest(algorithm, bytes).as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(arguments: &[JValue]) -> Answer {
    if matches!(arguments.first(), Some(JValue::Undefined)) {
        return Ok(JValue::Undefined);
    }
    JValue::from_json_str(text(arguments, 0, "parse")?).map_err(|problem| error(format!("no JSON: {problem}")))
}

/// `$random([seed])`: with a seed always the same number.
fn seeded(random: &Random, arguments: &[JValue]) -> JValue {
    let seed = arguments.first().and_then(JValue::as_f64);
    JValue::from_f64(seed.map_or_else(|| random.fraction(), |seed| Random::seeded(seed.to_bits()).fraction()))
}

fn shuffle(random: &Random, arguments: &[JValue]) -> Answer {
    let mut items = match arguments.first() {
        Some(JValue::Array(items)) => items.to_vec(),
        Some(JValue::Undefined) | None => return Ok(JValue::Undefined),
        Some(single) => vec![single.clone()],
    };
    for last in (1..items.len()).rev() {
        let other = random.below(u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1));
        items.swap(last, usize::try_from(other).unwrap_or(last));
    }
    Ok(JValue::array(items))
}

/// `$now(picture [, timezone])`, which is `$fromMillis` of now.
fn formatted(millis: i64, arguments: &[JValue]) -> Answer {
    let mut context = Context::new();
    context.bind("millis".to_owned(), JValue::from_i64(millis));
    for (name, argument) in ["picture", "zone"].into_iter().zip(arguments) {
        context.bind(name.to_owned(), argument.clone());
    }
    let call =
        if arguments.len() > 1 { "$fromMillis($millis, $picture, $zone)" } else { "$fromMillis($millis, $picture)" };
    let ast = parser::parse(call).map_err(|problem| error(problem.to_string()))?;
    Evaluator::with_context(context).evaluate(&ast, &JValue::Undefined)
}

/// Base64 of a text.
pub(super) fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

/// The text that this is the base64 of.
pub(super) fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}
