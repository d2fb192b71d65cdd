//! What a caller may write for a function: its name, a part of its ARN, or all of it; with a qualifier or
//! without.

use super::errors::not_found;
use crate::kernel::{Arn, AwsError, World};

/// The one version that there is.
pub(crate) const LATEST: &str = "$LATEST";

/// The ARN of a function of this name here.
pub(crate) fn arn(world: &World, name: &str) -> Arn {
    world.place.arn("lambda", &format!("function:{name}"))
}

/// The name behind `FunctionName` and `Qualifier`. Another account, region or version has no functions.
pub(crate) fn resolve(world: &World, written: &str, qualifier: Option<&str>) -> Result<String, AwsError> {
    let place = &world.place;
    let mut parts: Vec<&str> = written.split(':').collect();
    let elsewhere = |found: &str| not_found(format!("Function not found: {found}"));
    let full = |name: &str| if written.starts_with("arn:") { written.to_owned() } else { arn(world, name).to_string() };
    match parts.as_slice() {
        ["arn", _, "lambda", region, account, "function", ..] => {
            if (*region, *account) != (&place.region, &place.account) {
                return Err(elsewhere(written));
            }
            parts.drain(..6);
        }
        [account, "function", ..] => {
            if *account != &*place.account {
                return Err(elsewhere(written));
            }
            parts.drain(..2);
        }
        ["function", ..] => {
            parts.drain(..1);
        }
        _ => {}
    }
    let (name, version) = match parts.as_slice() {
        [name] => (*name, qualifier),
        [name, version] => (*name, Some(*version)),
        _ => return Err(elsewhere(written)),
    };
    match version {
        None | Some(LATEST) => Ok(name.to_owned()),
        Some(version) if written.ends_with(version) => Err(elsewhere(&full(name))),
        Some(version) => Err(elsewhere(&format!("{}:{version}", full(name)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_way_to_write_a_function_is_the_function() {
        let world = World::simulated(1);
        for written in [
            "orders",
            "orders:$LATEST",
            "function:orders",
            "000000000000:function:orders",
            "000000000000:function:orders:$LATEST",
            "arn:aws:lambda:eu-west-1:000000000000:function:orders",
            "arn:aws:lambda:eu-west-1:000000000000:function:orders:$LATEST",
        ] {
            assert_eq!(resolve(&world, written, None).unwrap(), "orders", "{written}");
        }
        assert_eq!(resolve(&world, "orders", Some(LATEST)).unwrap(), "orders");
    }

    #[tokio::test]
    async fn another_version_account_or_region_is_not_found() {
        let world = World::simulated(1);
        for written in [
            "orders:live",
            "123456789012:function:orders",
            "arn:aws:lambda:us-east-1:000000000000:function:orders",
            "arn:aws:lambda:eu-west-1:123456789012:function:orders",
            "a:b:c:d",
        ] {
            assert_eq!(resolve(&world, written, None).unwrap_err().code, "ResourceNotFoundException", "{written}");
        }
        let error = resolve(&world, "orders", Some("7")).unwrap_err();
        assert_eq!(error.message, "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:orders:7");
    }
}
