//! The AWS SDK for Rust straight into the engine, without a socket.
//!
//! The SDK's clients may live on any thread: a request goes to the engine's thread as a message, and its
//! answer comes back as one.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::{mpsc, oneshot};

use super::Front;
use crate::kernel::Lives;
use crate::wire::{Request, Response};

/// An HTTP client for the SDK whose requests an engine in this process answers.
#[derive(Clone)]
pub struct Client(mpsc::UnboundedSender<Asked>);

/// A request, the life of the function that makes it, and where its answer goes.
type Asked = (Request, Option<String>, oneshot::Sender<Response>);

/// A client of an engine. It answers as long as the engine's [`tokio::task::LocalSet`] runs, within which
/// this must be called.
pub fn client(front: Front) -> Client {
    let (sender, mut requests) = mpsc::unbounded_channel::<Asked>();
    tokio::task::spawn_local(async move {
        while let Some((request, life, answer)) = requests.recv().await {
            let front = front.clone();
            tokio::task::spawn_local(async move {
                // A client that gave up has dropped its end.
                let _ = answer.send(front.answer_to(life.as_deref(), request).await);
            });
        }
    });
    Client(sender)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl HttpClient for Client {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Client {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sender = self.0.clone();
        // The SDK calls in the task of who called it.
        let life = Lives::current();
        HttpConnectorFuture::new(async move {
            let request = read(request).await?;
            let (answer, answered) = oneshot::channel();
            let gone = || ConnectorError::other("the engine has ended".into(), None);
            sender.send((request, life, answer)).map_err(|_| gone())?;
            let response = answered.await.map_err(|_| gone())?;
            written(response)
        })
    }
}

async fn read(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    if let Some(authority) = parts.uri.authority()
        && let Ok(host) = authority.as_str().parse()
    {
        parts.headers.entry("host").or_insert(host);
    }
    Ok(Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    })
}

fn written(response: Response) -> Result<HttpResponse, ConnectorError> {
    let mut written = http::Response::new(SdkBody::from(Bytes::clone(&response.body)));
    *written.status_mut() =
        http::StatusCode::from_u16(response.status).map_err(|error| ConnectorError::other(error.into(), None))?;
    *written.headers_mut() = response.headers;
    HttpResponse::try_from(written).map_err(|error| ConnectorError::other(error.into(), None))
}
