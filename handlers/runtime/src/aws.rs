//! How the SDK's clients are made: one TLS stack (rustls with ring), one behaviour version.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// The configuration from the environment: region, credentials, endpoint (`AWS_ENDPOINT_URL`).
///
/// ```no_run
/// # async fn client() -> runtime::aws_sdk_dynamodb::Client {
/// runtime::aws_sdk_dynamodb::Client::new(&runtime::aws::config().await)
/// # }
/// ```
pub async fn config() -> SdkConfig {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).load().await
}
