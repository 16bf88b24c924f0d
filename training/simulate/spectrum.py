"""The SLHA spectrum (hep-ph/0311123) of a simplified model: a top squark, a top quark and a neutralino."""

from typing import Final

# Everything that takes no part is out of reach of the collider.
_DECOUPLED_MASS: Final = 5.0e3
_DECOUPLED: Final = (
    1000001, 1000002, 1000003, 1000004, 1000005, 1000011, 1000012, 1000013, 1000014, 1000015, 1000016,
    2000001, 2000002, 2000003, 2000004, 2000005, 2000006, 2000011, 2000013, 2000015,
    1000021, 1000023, 1000024, 1000025, 1000035, 1000037, 35, 36, 37,
)  # fmt: skip

_IDENTITY_BLOCKS: Final = (
    ("NMIX", 4),
    ("UMIX", 2),
    ("VMIX", 2),
    ("STOPMIX", 2),
    ("SBOTMIX", 2),
    ("STAUMIX", 2),
)


def stop_spectrum(stop: float, neutralino: float) -> str:
    """The SLHA card with ``~t_1 -> t ~chi_10`` at 100 % and a stable, bino-like neutralino.

    The lighter top squark is left-handed here (identity mixing); the decay is isotropic all the same.

    Args:
        stop: Mass of the lighter top squark in GeV.
        neutralino: Mass of the lightest neutralino in GeV.

    Raises:
        ValueError: If the top squark cannot decay to an on-shell top and the neutralino.
    """
    if stop <= neutralino + 172.5:
        raise ValueError(
            f"a top squark of {stop:g} GeV cannot decay to a top quark and a neutralino of {neutralino:g} GeV"
        )
    masses = {1000006: stop, 1000022: neutralino, 25: 125.0, **dict.fromkeys(_DECOUPLED, _DECOUPLED_MASS)}
    lines = [
        "BLOCK MODSEL",
        "  1 1",
        "BLOCK MASS",
        *(f"  {pdg_id} {mass:.8e}" for pdg_id, mass in sorted(masses.items())),
        *(line for name, size in _IDENTITY_BLOCKS for line in _identity(name, size)),
        "DECAY 1000022 0.0",
        "DECAY 1000006 1.0",
        "  1.0 2 6 1000022",
    ]
    return "\n".join(lines) + "\n"


def _identity(name: str, size: int) -> list[str]:
    cells = [f"  {i} {j} {float(i == j)}" for i in range(1, size + 1) for j in range(1, size + 1)]
    return [f"BLOCK {name}", *cells]
