//! Addresses on the web and of mail.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address on the web in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) struct Url<'a> {
    /// `https`, as it is written.
    pub(in crate::rules) scheme: &'a str,
    /// The host, without brackets.
    pub(in crate::rules) host: &'a str,
    /// The port.
    pub(in crate::rules) port: Option<u16>,
    /// What follows the host: empty, or from the `/` or `?` on.
    pub(in crate::rules) rest: &'a str,
}

/// The parts of an address, or what is wrong with it.
pub(in crate::rules) fn url(text: &str) -> Result<Url<'_>, &'static str> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err("an address has no spaces");
    }
    let (scheme, after) = text.split_once("://").ok_or("an address begins with `https://`")?;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at_checked(end).ok_or("this is no address")?;
    if authority.contains('@') {
        return Err("a name and a password do not belong in an address");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(six) => {
            let (host, port) = six.split_once(']').ok_or("a `[` without its `]`")?;
            (host, port.strip_prefix(':'))
        }
        None => authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p))),
    };
    let port = match port {
        None => None,
        Some(p) => Some(p.parse::<u16>().ok().filter(|n| *n > 0).ok_or("a port is a number up to 65535")?),
    };
    let form = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if host.is_empty() || !host.chars().all(form) || host.starts_with(['.', '-']) || host.contains("..") {
        return Err("this is no host's name");
    }
    Ok(Url { scheme, host, port, rest })
}

/// Whether a host lies within the caller's own machine or network: it must not be reached from inside.
pub(in crate::rules) fn is_inside(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if let Ok(address) = host.parse::<IpAddr>() {
        return match address {
            IpAddr::V4(four) => inside_four(four),
            IpAddr::V6(six) => inside_six(six),
        };
    }
    let local = [".localhost", ".local", ".internal", ".lan", ".home.arpa"].iter().any(|end| host.ends_with(end));
    // `2130706433`, `0x7f.1` and `127.1` are loopback too, to those who read addresses as C does.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with(|c: char| c.is_ascii_digit()) || last.starts_with("0x");
    host == "localhost" || local || numeric || !host.contains('.')
}

fn inside_four(four: Ipv4Addr) -> bool {
    let [a, b, ..] = four.octets();
    four.is_loopback()
        || four.is_private()
        || four.is_link_local()
        || four.is_unspecified()
        || four.is_broadcast()
        || four.is_multicast()
        || a == 0
        || a == 100 && (64..128).contains(&b)
}

fn inside_six(six: Ipv6Addr) -> bool {
    let first = six.segments().first().copied().unwrap_or_default();
    let mapped = six.to_ipv4().is_some_and(inside_four);
    six.is_loopback()
        || six.is_unspecified()
        || six.is_multicast()
        || mapped
        || first & 0xfe00 == 0xfc00
        || first & 0xffc0 == 0xfe80
}

/// What is wrong with a mail address; `named` allows a name before it: `Name <a@b.c>`.
pub(in crate::rules) fn mail_problem(text: &str, named: bool) -> Option<&'static str> {
    if text.chars().any(char::is_control) {
        return Some("it holds a line break or another control character");
    }
    let address = match text.split_once('<') {
        Some((name, rest)) if named => {
            let Some(address) = rest.strip_suffix('>') else { return Some("the `<` has no `>` at the end") };
            let quoted = name.trim().strip_prefix('"').is_some_and(|n| n.ends_with('"'));
            if !quoted && name.contains(['"', ',', ';', ':', '@', '(', ')', '[', ']', '\\']) {
                return Some("a name with such characters stands in quotes");
            }
            address
        }
        Some(_) => return Some("only the address belongs here"),
        None => text,
    };
    let Some((local, domain)) = address.split_once('@') else { return Some("an address has an `@`") };
    let local_right = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.is_empty() || local.len() > 64 || dots || !local.chars().all(local_right) {
        return Some("what stands before the `@` is no mailbox");
    }
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    (!(domain.contains('.') && domain.len() <= 253 && domain.split('.').all(label)))
        .then_some("what stands after the `@` is no domain")
}

#[cfg(test)]
mod tests {
    use super::{is_inside, mail_problem, url};

    #[test]
    fn hosts_inside_are_known_however_they_are_written() {
        for inside in [
            "localhost",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "100.64.0.1",
            "db.internal",
            "printer",
            "LOCALHOST.",
        ] {
            assert!(is_inside(inside), "{inside}");
        }
        for outside in ["example.com", "8.8.8.8", "2606:4700::1111", "172.32.0.1", "hooks.example"] {
            assert!(!is_inside(outside), "{outside}");
        }
    }

    #[test]
    fn an_address_has_its_parts() {
        let found = url("https://[::1]:8443/x").unwrap();
        assert_eq!((found.scheme, found.host, found.port, found.rest), ("https", "::1", Some(8443), "/x"));
        assert_eq!(url("https://a.example?x").unwrap().rest, "?x");
        for wrong in [
            "a.example",
            "https://",
            "https://a b.example",
            "https://u:p@a.example",
            "https://a.example:0",
            "https://a..b",
        ] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sender_may_have_a_name() {
        for right in ["a@b.example", "Shop <no-reply@shop.example>", "\"Shop, Inc.\" <a@b.example>"] {
            assert_eq!(mail_problem(right, true), None, "{right}");
        }
        for wrong in [
            "shop",
            "a@b",
            "a@b..c",
            "Shop <a@b.example",
            "Shop <a@b.example>\r\nBcc: x@y.z",
            "a b@c.d",
            "<>",
            "A, B <a@b.example>",
        ] {
            assert!(mail_problem(wrong, true).is_some(), "{wrong}");
        }
        assert!(mail_problem("Shop <a@b.example>", false).is_some());
    }
}
