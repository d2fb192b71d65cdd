//! API Gateway's WebSocket and HTTP APIs: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html>.

use super::{properties, values};
use crate::cfn::{Entries, Str, Tree, Value};

values! {
    ProtocolType { WebSocket = "WEBSOCKET", Http = "HTTP" }
    IpAddressType { Ipv4 = "ipv4", DualStack = "dualstack" }
    LoggingLevel { Info = "INFO", Error = "ERROR", Off = "OFF" }
    IntegrationType { Aws = "AWS", AwsProxy = "AWS_PROXY", Http = "HTTP", HttpProxy = "HTTP_PROXY", Mock = "MOCK" }
    ConnectionType { Internet = "INTERNET", VpcLink = "VPC_LINK" }
    ContentHandling { ToBinary = "CONVERT_TO_BINARY", ToText = "CONVERT_TO_TEXT" }
    PassthroughBehavior { WhenNoMatch = "WHEN_NO_MATCH", WhenNoTemplates = "WHEN_NO_TEMPLATES", Never = "NEVER" }
    AuthorizationType { None = "NONE", AwsIam = "AWS_IAM", Custom = "CUSTOM", Jwt = "JWT" }
    AuthorizerType { Request = "REQUEST", Jwt = "JWT" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-api.html>
    Api = "AWS::ApiGatewayV2::Api" {
        required { name: Str, protocol_type: ProtocolType }
        optional {
            description: Str,
            route_selection_expression: String,
            disable_execute_api_endpoint: bool,
            cors_configuration: Cors,
            ip_address_type: IpAddressType,
            version: String,
        }
        many { tags: Entries<Str> }
    }

    Cors {
        optional { allow_credentials: bool, max_age: u32 }
        many {
            allow_headers: Vec<String>,
            allow_methods: Vec<String>,
            allow_origins: Vec<Str>,
            expose_headers: Vec<String>,
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-stage.html>
    Stage = "AWS::ApiGatewayV2::Stage" {
        required { api_id: Str, stage_name: Str }
        optional {
            description: Str,
            auto_deploy: bool,
            default_route_settings: RouteSettings,
            access_log_settings: Value<AccessLogSettings>,
        }
        many {
            route_settings: Entries<RouteSettings>,
            stage_variables: Entries<Str>,
            tags: Entries<Str>,
        }
    }

    RouteSettings {
        optional {
            throttling_rate_limit: f64,
            throttling_burst_limit: u32,
            detailed_metrics_enabled: bool,
            data_trace_enabled: bool,
            logging_level: LoggingLevel,
        }
    }
    AccessLogSettings { required { destination_arn: Str, format: String } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-integration.html>
    Integration = "AWS::ApiGatewayV2::Integration" {
        required { api_id: Str, integration_type: IntegrationType }
        optional {
            description: Str,
            integration_uri: Str,
            integration_method: String,
            integration_subtype: String,
            connection_type: ConnectionType,
            content_handling_strategy: ContentHandling,
            credentials_arn: Str,
            passthrough_behavior: PassthroughBehavior,
            payload_format_version: String,
            template_selection_expression: String,
            timeout_in_millis: u32,
        }
        many {
            request_parameters: Entries<Str>,
            request_templates: Entries<Str>,
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-route.html>
    Route = "AWS::ApiGatewayV2::Route" {
        required { api_id: Str, route_key: String }
        optional {
            target: Str,
            operation_name: String,
            authorization_type: AuthorizationType,
            authorizer_id: Str,
            api_key_required: bool,
            model_selection_expression: String,
            route_response_selection_expression: String,
        }
        many {
            authorization_scopes: Vec<String>,
            request_models: Entries<Str>,
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-routeresponse.html>
    RouteResponse = "AWS::ApiGatewayV2::RouteResponse" {
        required { api_id: Str, route_id: Str, route_response_key: String }
        optional { model_selection_expression: String, response_parameters: Tree }
        many { response_models: Entries<Str> }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-integrationresponse.html>
    IntegrationResponse = "AWS::ApiGatewayV2::IntegrationResponse" {
        required { api_id: Str, integration_id: Str, integration_response_key: String }
        optional { content_handling_strategy: ContentHandling, template_selection_expression: String }
        many {
            response_parameters: Entries<Str>,
            response_templates: Entries<Str>,
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-authorizer.html>
    Authorizer = "AWS::ApiGatewayV2::Authorizer" {
        required { api_id: Str, name: Str, authorizer_type: AuthorizerType }
        optional {
            authorizer_uri: Str,
            authorizer_credentials_arn: Str,
            authorizer_payload_format_version: String,
            authorizer_result_ttl_in_seconds: u32,
            enable_simple_responses: bool,
            identity_validation_expression: String,
            jwt_configuration: JwtConfiguration,
        }
        many { identity_source: Vec<String> }
    }

    JwtConfiguration { required { audience: Vec<Str>, issuer: Str } }
}
