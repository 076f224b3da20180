//! Finds seeds, keys, addresses and wallets in seized material
