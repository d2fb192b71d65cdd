//! Lambda's REST API: methods and paths of the operations that are here.

use crate::wire::{Payload, Protocol, Rest, Route};

/// How clients call Lambda.
pub const PROTOCOL: Protocol = Protocol::Rest(Rest { routes: ROUTES });

const QUALIFIER: &[(&str, &str)] = &[("Qualifier", "Qualifier")];
/// The last two are not honoured, and refused by name.
const PAGES: &[(&str, &str)] = &[
    ("Marker", "Marker"),
    ("MaxItems", "MaxItems"),
    ("MasterRegion", "MasterRegion"),
    ("FunctionVersion", "FunctionVersion"),
];

const ROUTES: &[Route] = &[
    Route {
        query: QUALIFIER,
        headers: &[
            ("x-amz-invocation-type", "InvocationType"),
            ("x-amz-log-type", "LogType"),
            ("x-amz-client-context", "ClientContext"),
        ],
        input: Payload::Json("Payload"),
        output: Payload::Json("Payload"),
        answers: &[
            ("x-amz-function-error", "FunctionError"),
            ("x-amz-log-result", "LogResult"),
            ("x-amz-executed-version", "ExecutedVersion"),
        ],
        ..Route::new("Invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations")
    },
    Route { status: 201, ..Route::new("CreateFunction", "POST", "/2015-03-31/functions") },
    Route { query: PAGES, ..Route::new("ListFunctions", "GET", "/2015-03-31/functions") },
    Route { query: QUALIFIER, ..Route::new("GetFunction", "GET", "/2015-03-31/functions/{FunctionName}") },
    Route {
        query: QUALIFIER,
        status: 204,
        ..Route::new("DeleteFunction", "DELETE", "/2015-03-31/functions/{FunctionName}")
    },
    Route {
        query: QUALIFIER,
        ..Route::new("GetFunctionConfiguration", "GET", "/2015-03-31/functions/{FunctionName}/configuration")
    },
    Route::new("UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/{FunctionName}/configuration"),
    Route::new("UpdateFunctionCode", "PUT", "/2015-03-31/functions/{FunctionName}/code"),
    Route {
        query: QUALIFIER,
        status: 201,
        ..Route::new("AddPermission", "POST", "/2015-03-31/functions/{FunctionName}/policy")
    },
    Route { query: QUALIFIER, ..Route::new("GetPolicy", "GET", "/2015-03-31/functions/{FunctionName}/policy") },
    Route {
        query: &[("Qualifier", "Qualifier"), ("RevisionId", "RevisionId")],
        status: 204,
        ..Route::new("RemovePermission", "DELETE", "/2015-03-31/functions/{FunctionName}/policy/{StatementId}")
    },
    Route::new("PutFunctionConcurrency", "PUT", "/2017-10-31/functions/{FunctionName}/concurrency"),
    Route {
        status: 204,
        ..Route::new("DeleteFunctionConcurrency", "DELETE", "/2017-10-31/functions/{FunctionName}/concurrency")
    },
    Route::new("GetFunctionConcurrency", "GET", "/2019-09-30/functions/{FunctionName}/concurrency"),
    Route {
        query: QUALIFIER,
        ..Route::new("PutFunctionEventInvokeConfig", "PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
    },
    Route {
        query: QUALIFIER,
        ..Route::new(
            "UpdateFunctionEventInvokeConfig",
            "POST",
            "/2019-09-25/functions/{FunctionName}/event-invoke-config",
        )
    },
    Route {
        query: QUALIFIER,
        ..Route::new("GetFunctionEventInvokeConfig", "GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
    },
    Route {
        query: QUALIFIER,
        status: 204,
        ..Route::new(
            "DeleteFunctionEventInvokeConfig",
            "DELETE",
            "/2019-09-25/functions/{FunctionName}/event-invoke-config",
        )
    },
    Route {
        query: QUALIFIER,
        status: 201,
        ..Route::new("CreateFunctionUrlConfig", "POST", "/2021-10-31/functions/{FunctionName}/url")
    },
    Route {
        query: QUALIFIER,
        ..Route::new("UpdateFunctionUrlConfig", "PUT", "/2021-10-31/functions/{FunctionName}/url")
    },
    Route { query: QUALIFIER, ..Route::new("GetFunctionUrlConfig", "GET", "/2021-10-31/functions/{FunctionName}/url") },
    Route {
        query: QUALIFIER,
        status: 204,
        ..Route::new("DeleteFunctionUrlConfig", "DELETE", "/2021-10-31/functions/{FunctionName}/url")
    },
    Route::new("PutFunctionRecursionConfig", "PUT", "/2024-08-31/functions/{FunctionName}/recursion-config"),
    Route::new("GetFunctionRecursionConfig", "GET", "/2024-08-31/functions/{FunctionName}/recursion-config"),
    Route::new("ListTags", "GET", "/2017-03-31/tags/{Resource}"),
    Route { status: 204, ..Route::new("TagResource", "POST", "/2017-03-31/tags/{Resource}") },
    Route {
        lists: &[("tagKeys", "TagKeys")],
        status: 204,
        ..Route::new("UntagResource", "DELETE", "/2017-03-31/tags/{Resource}")
    },
    Route::new("GetAccountSettings", "GET", "/2016-08-19/account-settings"),
    Route { status: 202, ..Route::new("CreateEventSourceMapping", "POST", "/2015-03-31/event-source-mappings") },
    Route {
        query: &[
            ("EventSourceArn", "EventSourceArn"),
            ("FunctionName", "FunctionName"),
            ("Marker", "Marker"),
            ("MaxItems", "MaxItems"),
        ],
        ..Route::new("ListEventSourceMappings", "GET", "/2015-03-31/event-source-mappings")
    },
    Route::new("GetEventSourceMapping", "GET", "/2015-03-31/event-source-mappings/{UUID}"),
    Route { status: 202, ..Route::new("UpdateEventSourceMapping", "PUT", "/2015-03-31/event-source-mappings/{UUID}") },
    Route {
        status: 202,
        ..Route::new("DeleteEventSourceMapping", "DELETE", "/2015-03-31/event-source-mappings/{UUID}")
    },
];
