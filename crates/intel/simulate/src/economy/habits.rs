//! How each kind of owner makes transactions.

use super::{Habits, OwnerKind};
use crate::build::Lock;
use crate::random::Random;

pub(super) fn habits(kind: OwnerKind, random: &mut Random) -> Habits {
    let base = Habits {
        lock: Lock::P2wpkh,
        locktime: false,
        rbf: false,
        reuse_change: false,
        reuse_receive: false,
        fixed_fee: None,
        tidy: false,
        version: 2,
    };
    match kind {
        OwnerKind::Exchange => Habits {
            lock: *random.pick(&[Lock::Multisig, Lock::P2wpkh, Lock::Nested, Lock::P2pkh]),
            reuse_change: random.permille(600),
            ..base
        },
        OwnerKind::Merchant => Habits { lock: *random.pick(&[Lock::P2wpkh, Lock::Nested, Lock::P2pkh]), ..base },
        OwnerKind::Miner => Habits { lock: Lock::P2pkh, reuse_change: true, reuse_receive: true, version: 1, ..base },
        OwnerKind::Mixer => Habits { lock: Lock::P2pkh, version: 1, ..base },
        OwnerKind::CoinjoinCoordinator => Habits { reuse_receive: true, version: 1, ..base },
        OwnerKind::Ransomware | OwnerKind::Hacker => {
            Habits { lock: *random.pick(&[Lock::P2pkh, Lock::P2wpkh]), ..base }
        }
        OwnerKind::User => match random.below(10) {
            // Bitcoin Core, Electrum, mobile wallets, old wallets that reuse addresses, taproot wallets.
            0..3 => Habits { locktime: true, rbf: true, ..base },
            3..5 => Habits { locktime: true, rbf: true, lock: Lock::Nested, ..base },
            5..7 => Habits {
                lock: Lock::P2pkh,
                version: 1,
                fixed_fee: Some(10 + random.below(4) * 10),
                reuse_change: random.permille(400),
                ..base
            },
            7..9 if random.permille(900) => {
                Habits { lock: Lock::P2pkh, reuse_change: true, reuse_receive: true, version: 1, ..base }
            }
            7..9 => Habits { lock: Lock::P2tr, rbf: true, ..base },
            _ => Habits { tidy: true, ..base },
        },
    }
}
