//! With which frequency lamps flicker, by the time zone.
//!
//! A table of where the mains have 60 Hz; most of the world has 50. Japan has both: its one zone
//! bears the name of a city with 50.

/// The frequency of the mains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mains {
    /// 50 Hz.
    Hz50,
    /// 60 Hz.
    Hz60,
}

impl Mains {
    /// That of the country of a time zone by its IANA name, `None` for one of no country.
    pub fn of_zone(zone: &str) -> Option<Self> {
        let (area, place) = zone.split_once('/').unwrap_or(("", zone));
        let listed = |list: &[&str]| list.contains(&place);
        let is_60 = match area {
            "" if listed(&ALONE_60) => true,
            "" if listed(&ALONE_50) => false,
            // Three letters, or `EST5EDT`, are no place.
            "" | "Etc" | "SystemV" => return None,
            "US" | "Canada" | "Mexico" | "Brazil" => true,
            "Chile" => false,
            "America" => !AMERICA_50.iter().any(|name| in_area(place, name)),
            "Asia" => listed(&ASIA_60),
            "Pacific" => listed(&PACIFIC_60),
            "Atlantic" => place == "Bermuda",
            "Africa" => place == "Monrovia",
            "Europe" | "Australia" | "Indian" | "Antarctica" | "Arctic" => false,
            _ => return None,
        };
        Some(if is_60 { Self::Hz60 } else { Self::Hz50 })
    }
}

/// A city, or all cities of a country that has several (`Argentina/Ushuaia`).
fn in_area(place: &str, name: &str) -> bool {
    place == name || place.split_once('/').is_some_and(|(area, _)| area == name)
}

/// Argentina, Barbados, Bolivia, Chile, Curaçao, Dominica, French Guiana, Greenland, Grenada,
/// Guadeloupe, Jamaica, Martinique, Miquelon, Paraguay, Saint Lucia, Saint Vincent, Uruguay.
const AMERICA_50: [&str; 37] = [
    "Argentina",
    "Asuncion",
    "Barbados",
    "Buenos_Aires",
    "Catamarca",
    "Cayenne",
    "Cordoba",
    "Coyhaique",
    "Curacao",
    "Danmarkshavn",
    "Dominica",
    "Godthab",
    "Grenada",
    "Guadeloupe",
    "Jamaica",
    "Jujuy",
    "Kralendijk",
    "La_Paz",
    "Marigot",
    "Martinique",
    "Mendoza",
    "Miquelon",
    "Montevideo",
    "Nuuk",
    "Punta_Arenas",
    "Rosario",
    "Santiago",
    "Scoresbysund",
    "St_Lucia",
    "St_Vincent",
    "Thule",
    "Ushuaia",
    "Tucuman",
    "Salta",
    "San_Juan",
    "San_Luis",
    "Rio_Gallegos",
];
const ASIA_60: [&str; 4] = ["Manila", "Riyadh", "Seoul", "Taipei"];
/// American Samoa, Guam, Hawaii, the Marianas, Marshall Islands, Micronesia, Palau, Wake, Midway.
const PACIFIC_60: [&str; 17] = [
    "Chuuk",
    "Guam",
    "Honolulu",
    "Johnston",
    "Kosrae",
    "Kwajalein",
    "Majuro",
    "Midway",
    "Pago_Pago",
    "Palau",
    "Pohnpei",
    "Ponape",
    "Saipan",
    "Samoa",
    "Truk",
    "Wake",
    "Yap",
];
const ALONE_60: [&str; 6] = ["Cuba", "Kwajalein", "Navajo", "Puerto_Rico", "ROC", "ROK"];
const ALONE_50: [&str; 15] = [
    "Egypt",
    "Eire",
    "GB",
    "GB-Eire",
    "Hongkong",
    "Iceland",
    "Iran",
    "Israel",
    "Jamaica",
    "Japan",
    "Libya",
    "Poland",
    "Portugal",
    "Singapore",
    "Turkey",
];

#[cfg(test)]
mod tests {
    use super::Mains::{Hz50, Hz60};
    use super::*;

    #[test]
    fn each_zone_has_the_mains_of_its_country() {
        for (zone, mains) in [
            ("Europe/Berlin", Some(Hz50)),
            ("Europe/London", Some(Hz50)),
            ("America/New_York", Some(Hz60)),
            ("America/Sao_Paulo", Some(Hz60)),
            ("America/Mexico_City", Some(Hz60)),
            ("America/Indiana/Knox", Some(Hz60)),
            ("America/Argentina/Buenos_Aires", Some(Hz50)),
            ("America/Santiago", Some(Hz50)),
            ("America/Lima", Some(Hz60)),
            ("America/Jamaica", Some(Hz50)),
            ("America/Port_of_Spain", Some(Hz60)),
            ("Asia/Tokyo", Some(Hz50)),
            ("Asia/Seoul", Some(Hz60)),
            ("Asia/Taipei", Some(Hz60)),
            ("Asia/Manila", Some(Hz60)),
            ("Asia/Kolkata", Some(Hz50)),
            ("Asia/Shanghai", Some(Hz50)),
            ("Asia/Riyadh", Some(Hz60)),
            ("Africa/Johannesburg", Some(Hz50)),
            ("Australia/Sydney", Some(Hz50)),
            ("Pacific/Auckland", Some(Hz50)),
            ("Pacific/Guam", Some(Hz60)),
            ("Atlantic/Bermuda", Some(Hz60)),
            ("US/Pacific", Some(Hz60)),
            ("GB", Some(Hz50)),
            ("UTC", None),
            ("Etc/GMT+5", None),
            ("EST5EDT", None),
            ("", None),
            ("Mars/Olympus_Mons", None),
        ] {
            assert_eq!(Mains::of_zone(zone), mains, "{zone}");
        }
    }
}
