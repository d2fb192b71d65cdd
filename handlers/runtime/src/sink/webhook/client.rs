//! One POST, to a public address.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

use super::address::is_public;
use crate::error::Error;

/// A client of one URL.
pub(super) struct Client {
    connector: Connector,
    url: String,
}

/// What the other server answered, as far as it matters.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Seconds, where the answer says them.
    pub(super) retry_after: Option<u64>,
}

impl Client {
    /// `instead` is the address that a test posts to.
    pub(super) fn new(url: &str, instead: Option<&str>) -> Result<Self, Error> {
        if let Some(instead) = instead {
            return Ok(Self { connector: Connector::builder().build_http(), url: instead.to_owned() });
        }
        let host = url.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
        let host = host.ok_or_else(|| Error::reject("a webhook's address begins with `https://`"))?;
        // An address in place of a name is never looked up, so no resolver sees it.
        let name = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let bare = name.strip_prefix('[').and_then(|rest| rest.split(']').next());
        let bare = bare.unwrap_or_else(|| name.split(':').next().unwrap_or_default());
        if bare.parse::<IpAddr>().is_ok_and(|address| !is_public(address)) {
            return Err(Error::reject("a webhook goes to no private address"));
        }
        let connector =
            Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_with_resolver(Public);
        Ok(Self { connector, url: url.to_owned() })
    }

    pub(super) async fn post<'h>(
        &self,
        headers: impl Iterator<Item = (&'h str, &'h str)>,
        body: &str,
        patience: Duration,
    ) -> Result<Answer, Error> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(Error::reject)?;
        request.set_uri(self.url.as_str()).map_err(Error::reject)?;
        let agent = concat!("eventloom/", env!("CARGO_PKG_VERSION"));
        for (name, value) in headers.chain([("user-agent", agent)]) {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned()).map_err(Error::reject)?;
        }
        let answer = tokio::time::timeout(patience, self.connector.call(request)).await;
        let answer = answer.map_err(|_| Error::retry("the other server took too long"))?;
        // What the connector says may hold the address, and nothing that came from an event.
        let answer = answer.map_err(|error| Error::retry(format!("the other server was not reached: {error}")))?;
        let retry_after = answer.headers().get("retry-after").and_then(|text| text.trim().parse().ok());
        Ok(Answer { status: answer.status().as_u16(), retry_after })
    }
}

/// Finds the addresses of a name, and fails where any of them is not public: a name with both is meant to deceive.
#[derive(Clone, Debug)]
struct Public;

impl ResolveDns for Public {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let name = name.to_owned();
        DnsFuture::new(async move {
            // The only look-up of the function, while it has nothing else to do.
            let found = tokio::task::spawn_blocking(move || (name, 0).to_socket_addrs()).await;
            let found = found.map_err(ResolveDnsError::new)?.map_err(ResolveDnsError::new)?;
            let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            match found.iter().all(|address| is_public(*address)) {
                true => Ok(found),
                false => Err(ResolveDnsError::new("the name leads to a private address")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn no_webhook_goes_over_plain_http_or_to_a_private_address() {
        for url in [
            "http://hooks.example/",
            "https://127.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::1]:8443/x",
            "https://u@10.0.0.1/",
            "ftp://a",
            "https://[::ffff:127.0.0.1]/",
        ] {
            assert!(Client::new(url, None).is_err_and(|error| error.is_final()), "{url}");
        }
        assert!(Client::new("https://hooks.example/orders", None).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_found() {
        assert!(Public.resolve_dns("localhost").await.is_err());
    }

    #[tokio::test]
    async fn a_post_carries_its_headers_and_a_redirect_is_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{}") {
                let mut some = [0; 1024];
                let read = stream.read(&mut some).unwrap();
                request.extend_from_slice(&some[..read]);
            }
            let answer =
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        let client = Client::new("https://hooks.example/", Some(&url)).unwrap();
        let answer = client.post([("webhook-id", "a")].into_iter(), "{}", Duration::from_secs(10)).await.unwrap();
        assert_eq!((answer.status, answer.retry_after), (302, Some(7)));
        let request = server.join().unwrap();
        assert!(request.starts_with("POST /hook HTTP/1.1\r\n") && request.contains("webhook-id: a\r\n"), "{request}");
    }
}
