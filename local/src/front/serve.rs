//! HTTP/1.1 on a loopback socket.
//!
//! In: sockets, on which anybody on this machine may say anything. Out: whole requests to a handler, and
//! its responses. Guaranteed: headers, bodies and the time that a client takes are bounded; a request that
//! a page of another origin made, or that came by a name which is not this machine's, is refused before
//! anyone reads it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::wire::{Request, Response};

/// What a client may ask of a server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: usize,
    /// How long a client may take for a request's headers, and again for its body.
    pub patience: Duration,
}

impl Default for Limits {
    /// The largest request of the AWS APIs here is DynamoDB's: 16 MiB.
    fn default() -> Self {
        Self { body: 16 << 20, patience: Duration::from_secs(30) }
    }
}

/// The largest headers of a request, in bytes.
const HEADERS: usize = 64 << 10;

/// Serves a listener until the task is dropped. Must run within a [`tokio::task::LocalSet`].
pub async fn serve<F, A>(listener: TcpListener, limits: Limits, answer: F)
where
    F: Fn(Request) -> A + 'static,
    A: Future<Output = Response> + 'static,
{
    let answer = Rc::new(answer);
    let Ok(address) = listener.local_addr() else { return };
    // Connections end with the server.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let answer = Rc::clone(&answer);
                connections.spawn_local(connection(stream, address, limits, answer));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection<F, A>(stream: TcpStream, address: SocketAddr, limits: Limits, answer: Rc<F>)
where
    F: Fn(Request) -> A + 'static,
    A: Future<Output = Response> + 'static,
{
    // Small answers must not wait for a client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answer = Rc::clone(&answer);
        async move {
            let response = match whole(request, address, limits).await {
                Ok(request) => answer(request).await,
                Err(refused) => refused.response(),
            };
            Ok::<_, std::convert::Infallible>(written(response))
        }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.patience).max_buf_size(HEADERS);
    // A client that breaks the protocol or goes away is its own affair.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

/// Why a request is not even read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It names another host: DNS rebinding.
    #[error("this server answers to 127.0.0.1 and localhost alone")]
    Host,
    /// A page of another origin sent it.
    #[error("a page of another origin may not ask this server")]
    Origin,
    /// Its body is too large.
    #[error("a request has at most {0} bytes")]
    Large(usize),
    /// Its body ended early.
    #[error("the body broke off: {0}")]
    Broken(String),
    /// Its body took too long.
    #[error("the body took too long")]
    Slow,
}

impl Refused {
    /// The refusal in plain text.
    pub fn response(&self) -> Response {
        let status = match self {
            Self::Host | Self::Origin => 403,
            Self::Large(_) => 413,
            Self::Broken(_) => 400,
            Self::Slow => 408,
        };
        Response::new(status, "text/plain; charset=utf-8", format!("{self}\n")).header("connection", "close")
    }
}

/// Reads a request whole.
async fn whole(request: hyper::Request<Incoming>, address: SocketAddr, limits: Limits) -> Result<Request, Refused> {
    let (parts, body) = request.into_parts();
    admit(&parts.headers, address)?;
    let body = tokio::time::timeout(limits.patience, Limited::new(body, limits.body).collect());
    let body = match body.await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Refused::Large(limits.body)),
        Ok(Err(error)) => return Err(Refused::Broken(error.to_string())),
        Err(_) => return Err(Refused::Slow),
    };
    Ok(Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    })
}

/// Refuses what a page in a browser could be led to send: a request for another name, or from another
/// origin.
pub fn admit(headers: &http::HeaderMap, address: SocketAddr) -> Result<(), Refused> {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_here(host, address) {
        return Err(Refused::Host);
    }
    match headers.get("origin").map(|origin| origin.to_str().unwrap_or_default()) {
        Some(origin) if !origin.strip_prefix("http://").is_some_and(|host| is_here(host, address)) => {
            Err(Refused::Origin)
        }
        _ => Ok(()),
    }
}

/// Whether a host with a port is this server by one of its own names.
fn is_here(host: &str, address: SocketAddr) -> bool {
    let Some((name, port)) = host.rsplit_once(':') else { return false };
    port.parse() == Ok(address.port())
        && (name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]")
}

fn written(response: Response) -> hyper::Response<Full<Bytes>> {
    let mut written = hyper::Response::new(Full::new(response.body));
    *written.status_mut() = http::StatusCode::from_u16(response.status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    *written.headers_mut() = response.headers;
    written
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn asked(host: &str, origin: Option<&str>) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        admit(&headers, "127.0.0.1:4566".parse().unwrap())
    }

    #[test]
    fn a_name_that_is_not_this_machine_is_refused() {
        assert_eq!(asked("127.0.0.1:4566", None), Ok(()));
        assert_eq!(asked("localhost:4566", None), Ok(()));
        for rebound in ["evil.example:4566", "127.0.0.1:80", "127.0.0.1", "127.0.0.1.evil.example:4566", ""] {
            assert_eq!(asked(rebound, None), Err(Refused::Host), "{rebound}");
        }
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        assert_eq!(asked("localhost:4566", Some("http://localhost:4566")), Ok(()));
        for origin in ["https://evil.example", "null", "http://localhost:3000", "http://evil.example:4566"] {
            assert_eq!(asked("localhost:4566", Some(origin)), Err(Refused::Origin), "{origin}");
        }
    }
}
