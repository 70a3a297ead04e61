import pytest

from oncontour.data.datasets.words import label_name


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Whole Tumor", "WT"), ("tumour_core", "TC"), ("ET", "ET"), ("enhancing tumour", "ET"), ("SNFH", "ED"),
        ("peritumoral edema", "ED"), ("non-enhancing tumor core", "NCR"), ("NETC", "NCR"), ("necrotic core", "NCR"),
        ("non-enhancing tumor", "NET"), ("cystic component", "CC"), ("RC", "RC"), ("liver", None), ("kidney", None),
    ],
)  # fmt: skip
def test_names_of_data_sets_and_models_are_known(name, short):
    assert label_name(name) == short
