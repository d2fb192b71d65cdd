//! The AWS SDK's clients of a function: one TLS stack (rustls with ring), one behaviour version, each client made once,
//! when it is first asked for.
//!
//! This is the only way from a function to the world. A test gives another configuration, whose requests a local engine
//! in the same process answers.

use std::sync::OnceLock;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
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
    loader().load().await
}

/// As [`config`], within Lambda: region and credentials stand in the environment and nowhere else, so no other place is
/// asked.
pub(crate) async fn on_lambda() -> SdkConfig {
    let credentials = EnvironmentVariableCredentialsProvider::new();
    loader().region(EnvironmentVariableRegionProvider::new()).credentials_provider(credentials).load().await
}

fn loader() -> ConfigLoader {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http)
}

/// The clients of one cold start.
pub struct Clients {
    config: SdkConfig,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    sfn: OnceLock<aws_sdk_sfn::Client>,
    scheduler: OnceLock<aws_sdk_scheduler::Client>,
    sesv2: OnceLock<aws_sdk_sesv2::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
}

impl Clients {
    /// No client is made before it is asked for.
    pub fn new(config: SdkConfig) -> Self {
        Self {
            config,
            dynamodb: OnceLock::new(),
            sns: OnceLock::new(),
            sqs: OnceLock::new(),
            lambda: OnceLock::new(),
            sfn: OnceLock::new(),
            scheduler: OnceLock::new(),
            sesv2: OnceLock::new(),
            secrets: OnceLock::new(),
        }
    }

    /// What the clients are made from.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// DynamoDB.
    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.dynamodb.get_or_init(|| aws_sdk_dynamodb::Client::new(&self.config))
    }

    /// SNS.
    pub fn sns(&self) -> &aws_sdk_sns::Client {
        self.sns.get_or_init(|| aws_sdk_sns::Client::new(&self.config))
    }

    /// SQS.
    pub fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.sqs.get_or_init(|| aws_sdk_sqs::Client::new(&self.config))
    }

    /// Lambda.
    pub fn lambda(&self) -> &aws_sdk_lambda::Client {
        self.lambda.get_or_init(|| aws_sdk_lambda::Client::new(&self.config))
    }

    /// Step Functions.
    pub fn sfn(&self) -> &aws_sdk_sfn::Client {
        self.sfn.get_or_init(|| aws_sdk_sfn::Client::new(&self.config))
    }

    /// EventBridge Scheduler.
    pub fn scheduler(&self) -> &aws_sdk_scheduler::Client {
        self.scheduler.get_or_init(|| aws_sdk_scheduler::Client::new(&self.config))
    }

    /// SES.
    pub fn sesv2(&self) -> &aws_sdk_sesv2::Client {
        self.sesv2.get_or_init(|| aws_sdk_sesv2::Client::new(&self.config))
    }

    /// Secrets Manager.
    pub fn secrets(&self) -> &aws_sdk_secretsmanager::Client {
        self.secrets.get_or_init(|| aws_sdk_secretsmanager::Client::new(&self.config))
    }

    /// `@connections` of the WebSocket API whose endpoint, with its stage, is `endpoint`:
    /// `https://abc.execute-api.eu-west-1.amazonaws.com/live`. Where the configuration names an endpoint of its own, as
    /// `AWS_ENDPOINT_URL` does, that is asked instead, on the same path. Not cached: one invocation makes it once.
    pub fn connections(&self, endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
        let endpoint = match self.config.endpoint_url() {
            Some(own) => format!("{}{}", own.trim_end_matches('/'), path(endpoint)),
            None => endpoint.to_owned(),
        };
        let config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.config).endpoint_url(endpoint);
        aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
    }
}

/// The path of a URL, with its first slash; empty where it has none.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_endpoint_is_its_stage() {
        assert_eq!(path("https://abc.execute-api.eu-west-1.amazonaws.com/live"), "/live");
        assert_eq!(path("https://abc.execute-api.eu-west-1.amazonaws.com"), "");
    }
}
