//! Ranges of IP addresses, as filter policies and policy conditions have them.

use std::net::IpAddr;

/// `10.0.0.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    length: u32,
}

impl Cidr {
    /// Reads a range; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, length) = text.split_once('/').ok_or_else(|| "Malformed CIDR, one '/' required".to_owned())?;
        let network: IpAddr = address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))?;
        let length: u32 = length.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        if length > most {
            return Err(format!("Malformed CIDR, mask bits must not be larger than {most}"));
        }
        Ok(Self { network, length })
    }

    /// Whether an address lies in it.
    pub fn contains(&self, address: &str) -> bool {
        match (self.network, address.parse()) {
            (IpAddr::V4(network), Ok(IpAddr::V4(address))) => {
                let differ = u32::from(network) ^ u32::from(address);
                differ.checked_shr(32 - self.length).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), Ok(IpAddr::V6(address))) => {
                let differ = u128::from(network) ^ u128::from(address);
                differ.checked_shr(128 - self.length).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}
