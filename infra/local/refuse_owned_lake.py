"""Check that the lake may be deleted: no gateway holds it.

Run: python -m infra.local.refuse_owned_lake (make clean does).
"""

import sys

from ingestion.lake.ownership import LakeOwnedError, refuse_owned


def main() -> None:
    try:
        refuse_owned()
    except LakeOwnedError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
