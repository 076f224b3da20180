//! Sharing what is known: communities, TAXII, STIX, MISP, TagPack, flags, private matching
