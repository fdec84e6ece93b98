//! The requests of OpenID Connect: where a provider's parts are, a code for tokens, and who they say
//! that it is (OpenID Connect Discovery 1.0 §4, Core 1.0 §3.1.3 and §5.3).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AdditionalProviderMetadata, AuthUrl,
    ClaimsVerificationError, ClientId, DiscoveryError, EmptyExtraTokenFields, EndpointNotSet,
    EndpointSet, IdTokenClaims, IdTokenFields, IdTokenVerifier, IssuerUrl, JsonWebKeySet,
    LocalizedClaim, Nonce, OAuth2TokenResponse, ProviderMetadata, RequestTokenError,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, SubjectIdentifier,
    TokenResponse, TokenUrl, UserInfoClaims, UserInfoError, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agent::{Errand, NoAnswer};
use super::fault::{Fault, word};
use super::person::Person;
use super::preset::Preset;

/// What providers say of a person beside what all say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Claims {
    /// Whatever it is, as it is no standard's.
    #[serde(default)]
    groups: Value,
    /// GitLab's, in the ID token.
    #[serde(default)]
    groups_direct: Value,
    /// Google's: the organisation that manages the account.
    #[serde(default)]
    hd: Value,
}

impl AdditionalClaims for Claims {}

/// What providers say of themselves beside what all say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Extra {
    /// RFC 9207 §3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for Extra {}

type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
/// What a provider gives for a code.
pub(super) type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
/// This server, as a provider knows it.
pub(super) type Client = openidconnect::Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;
type TokenFault = RequestTokenError<NoAnswer, StandardErrorResponse<CoreErrorResponseType>>;

/// Where a provider's parts are, and by what it signs.
pub(super) struct Parts {
    pub(super) authorize: AuthUrl,
    pub(super) token: TokenUrl,
    pub(super) user_info: Option<UserInfoUrl>,
    pub(super) keys: JsonWebKeySet<CoreJsonWebKey>,
    /// Whether it says who it is where it answers by way of the browser.
    pub(super) names_itself: bool,
    /// Whether it takes the client's secret in the body alone.
    pub(super) secret_in_body: bool,
    /// Whether it knows what is called so.
    pub(super) has_groups_scope: bool,
}

/// A client of which nothing but its keys is said yet.
pub(super) type Bare = openidconnect::Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
>;

impl Parts {
    /// Those of the provider of this issuer, as it says.
    pub(super) fn discover(issuer: &IssuerUrl, errand: &Errand<'_>) -> Result<Self, Fault> {
        let metadata = Metadata::discover(issuer, errand).map_err(fault_of_discovery)?;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
        let no_token = || Fault::Broken("it has no token_endpoint".to_owned());
        let scopes = metadata.scopes_supported().into_iter().flatten();
        Ok(Self {
            authorize: metadata.authorization_endpoint().clone(),
            token: metadata.token_endpoint().cloned().ok_or_else(no_token)?,
            user_info: metadata.userinfo_endpoint().cloned(),
            keys: metadata.jwks().clone(),
            names_itself: metadata
                .additional_metadata()
                .authorization_response_iss_parameter_supported
                .unwrap_or_default(),
            secret_in_body: !takes(CoreClientAuthMethod::ClientSecretBasic),
            has_groups_scope: scopes.into_iter().any(|scope| scope.as_str() == "groups"),
        })
    }
}

/// What an ID token has to be.
pub(super) struct Expected<'a> {
    pub(super) client: &'a ClientId,
    pub(super) issuer: &'a IssuerUrl,
    pub(super) nonce: &'a Nonce,
    pub(super) now: SystemTime,
    /// Whether the person has to have signed in there just now.
    pub(super) anew: bool,
}

/// What an ID token says once it is believed (Core §3.1.3.7).
///
/// # Errors
///
/// `Ok(None)` if it is signed by a key that is not known: it may be a new one.
pub(super) fn believe(
    tokens: &Tokens,
    keys: &JsonWebKeySet<CoreJsonWebKey>,
    expected: &Expected<'_>,
) -> Result<Option<IdTokenClaims<Claims, CoreGenderClaim>>, Fault> {
    let Some(token) = tokens.id_token() else {
        return Err(Fault::Broken("it gives no ID token".to_owned()));
    };
    let Expected { client, issuer, nonce, now, anew } = *expected;
    let apart = Arc::new(AtomicU64::new(0));
    let of_check = Arc::clone(&apart);
    let verifier = IdTokenVerifier::new_public_client(client.clone(), issuer.clone(), keys.clone())
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || (now - CLOCKS_APART).into())
        .set_issue_time_verifier_fn(move |issued| {
            let off = apart_from(now, issued.into());
            of_check.store(off.as_secs(), Ordering::Relaxed);
            if off <= CLOCKS_APART { Ok(()) } else { Err("the clocks are apart".to_owned()) }
        })
        .set_auth_time_verifier_fn(move |at| match at {
            _ if !anew => Ok(()),
            Some(at) if apart_from(now, at.into()) <= CLOCKS_APART => Ok(()),
            _ => Err("the person did not sign in just now".to_owned()),
        });
    let claims = match token.claims(&verifier, nonce) {
        Ok(claims) => claims.clone(),
        Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        )) => return Ok(None),
        Err(error) => {
            let off = Duration::from_secs(apart.load(Ordering::Relaxed));
            if off > CLOCKS_APART {
                return Err(Fault::Clock(off));
            }
            return Err(Fault::NotBelieved(word(&with_causes(&error))));
        }
    };
    if let Some(hash) = claims.access_token_hash() {
        let of_token = token.signing_alg().ok().zip(token.signing_key(&verifier).ok());
        let made = of_token.and_then(|(algorithm, key)| {
            AccessTokenHash::from_token(tokens.access_token(), algorithm, key).ok()
        });
        if made.as_ref() != Some(hash) {
            return Err(Fault::NotBelieved("its at_hash is of another token".to_owned()));
        }
    }
    Ok(Some(claims))
}

/// What the provider tells of the person by a request of its own.
pub(super) fn user_info(
    client: &Client,
    url: &UserInfoUrl,
    tokens: &Tokens,
    subject: &SubjectIdentifier,
    errand: &Errand<'_>,
) -> Result<UserInfoClaims<Claims, CoreGenderClaim>, Fault> {
    let client = client.clone().set_user_info_url(url.clone());
    let request = client.user_info(tokens.access_token().clone(), Some(subject.clone()));
    request.request(errand).map_err(|error| match error {
        UserInfoError::Request(NoAnswer(fault)) => fault,
        UserInfoError::ClaimsVerification(error) => Fault::NotBelieved(word(&with_causes(&error))),
        other => Fault::Broken(word(&with_causes(&other))),
    })
}

/// Who it is that an ID token names.
pub(super) fn person_of(
    claims: &IdTokenClaims<Claims, CoreGenderClaim>,
    told: Option<&UserInfoClaims<Claims, CoreGenderClaim>>,
    preset: Preset,
) -> Person {
    let more = [Some(claims.additional_claims()), told.map(UserInfoClaims::additional_claims)];
    let more = more.into_iter().flatten();
    let groups = more.clone().flat_map(|claims| [&claims.groups, &claims.groups_direct]);
    let user = claims.preferred_username().or_else(|| told?.preferred_username());
    let name = claims.name().or_else(|| told?.name()).and_then(one_of);
    let of_token = claims.email().filter(|_| claims.email_verified() == Some(true));
    let of_told = told.filter(|told| told.email_verified() == Some(true));
    let email = of_token.or_else(|| of_told?.email()).map(|email| email.as_str().to_owned());
    let domain = match preset.domain_claim() {
        Some(_) => more.filter_map(|claims| claims.hd.as_str()).map(str::to_owned).next(),
        None => email.as_deref().and_then(domain_of).map(str::to_owned),
    };
    Person {
        issuer: claims.issuer().to_string(),
        subject: claims.subject().to_string(),
        user: user.map(|user| user.as_str().to_owned()),
        name,
        email,
        domain,
        groups: groups.flat_map(texts).collect(),
    }
}

/// The domain of an e-mail address.
pub(super) fn domain_of(email: &str) -> Option<&str> {
    email.rsplit_once('@').map(|(_, domain)| domain)
}

/// Why there are no tokens.
pub(super) fn fault_of_token(error: TokenFault) -> Fault {
    match error {
        RequestTokenError::ServerResponse(said) => Fault::of_code(said.error().as_ref()),
        RequestTokenError::Request(NoAnswer(fault)) => fault,
        // GitHub says what is wrong as if all was well.
        RequestTokenError::Parse(_, body) => {
            let said = serde_json::from_slice::<Value>(&body).unwrap_or_default();
            match said.get("error").and_then(Value::as_str) {
                Some(code) => Fault::of_code(code),
                None => Fault::Broken("its answer has no tokens".to_owned()),
            }
        }
        RequestTokenError::Other(why) => Fault::Broken(word(&why)),
    }
}

fn fault_of_discovery(error: DiscoveryError<NoAnswer>) -> Fault {
    match error {
        DiscoveryError::Request(NoAnswer(fault)) => fault,
        DiscoveryError::Response(status, ..) if status.is_server_error() => Fault::Unavailable,
        other => Fault::Broken(word(&with_causes(&other))),
    }
}

fn one_of(claim: &LocalizedClaim<openidconnect::EndUserName>) -> Option<String> {
    let any = claim.get(None).or_else(|| claim.iter().map(|(_, name)| name).next());
    any.map(|name| name.as_str().to_owned())
}

/// The texts of a claim that is a text, or a list of some.
fn texts(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => {
            let texts = list.iter().filter_map(Value::as_str);
            texts.take(MOST_GROUPS).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

fn apart_from(now: SystemTime, then: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_else(|ahead| ahead.duration())
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// By what an ID token may be signed: never by nothing, and by no secret that is shared.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// How far a provider's clock may be from ours.
const CLOCKS_APART: Duration = Duration::from_secs(5 * 60);
const MOST_GROUPS: usize = 1000;
