"""Realistic headers of five vendors, traps included, must be told for what they are."""

import pytest

from oncontour.dicom.header import read_header
from oncontour.dicom.identify import identify, weigh
from oncontour.dicom.series import DicomSeries

S, G, P, C, H = (
    "SIEMENS",
    "GE MEDICAL SYSTEMS",
    "Philips Medical Systems",
    "Canon Medical Systems",
    "Hitachi Medical Corporation",
)
T = "TOSHIBA"
ORIGINAL = ["ORIGINAL", "PRIMARY", "M", "ND"]
OTHER = ["ORIGINAL", "PRIMARY", "OTHER"]
DERIVED = ["DERIVED", "SECONDARY"]
FIRST = ["ORIGINAL", "PRIMARY"]
MAP = ["DERIVED", "PRIMARY"]
FFE, SPIN, IR = (["ORIGINAL", "PRIMARY", f"M_{kind}", "M", kind] for kind in ("FFE", "SE", "IR"))


def head(vendor, description, scanning=None, te=None, tr=None, ti=None, flip=None, kind=ORIGINAL, **more):
    named = {
        "Manufacturer": vendor, "SeriesDescription": description, "ScanningSequence": scanning, "EchoTime": te,
        "RepetitionTime": tr, "InversionTime": ti, "FlipAngle": flip, "ImageType": kind,
    }  # fmt: skip
    return named | more


ROWS = [
    # Siemens
    ("T1", head(S, "t1_mpr_ns_sag_pre", ["GR", "IR"], 2.98, 2300, 900, 9, SequenceVariant=["SP", "MP"])),
    ("T1CE", head(S, "t1_mprage_sag_KM", ["GR", "IR"], 2.98, 2300, 900, 9, SequenceVariant=["SP", "MP"])),
    ("T1CE", head(S, "t1_mprage_sag", ["GR", "IR"], 2.98, 2300, 900, 9, ContrastBolusAgent="Gadovist")),
    ("T1", head(S, "t1_se_tra nativ", "SE", 11, 500, None, 90, ContrastBolusAgent="Gadovist")),
    ("T1", head(S, "t1_tirm_tra_dark-fluid", ["SE", "IR"], 9, 2000, 860, 150, SequenceName="*tir2d1_5")),
    ("T1CE", head(S, "t1_vibe_fs_tra_dixon_w nach KM", "GR", 1.3, 4.1, None, 9)),
    ("T1CE", head(S, "T1 SPACE post", "SE", 7.2, 600, None, 120, SequenceName="*spc_45")),
    ("T1", head(S, "t1_fl2d_tra ohne KM", "GR", 4.8, 250, None, 70)),
    ("T2", head(S, "t2_tse_tra_512", "SE", 96, 4500, None, 150, SequenceName="*tse2d1_15")),
    ("T2", head(S, "t2_spc_sag_p2_iso", "SE", 408, 3200, None, 120, SequenceName="*spc_282ns")),
    ("T2", head(S, "t2_blade_tra post-op Kontrolle", "SE", 107, 4000, None, 130)),
    ("FLAIR", head(S, "t2_tirm_tra_dark-fluid", ["SE", "IR"], 84, 9000, 2500, 150, SequenceName="*tir2d1_16")),
    ("FLAIR", head(S, "t2_spc_da-fl_sag_p2_iso", ["SE", "IR"], 388, 5000, 1800, 120, SequenceName="*spcir_278ns")),
    ("FLAIR", head(S, "t2_tirm_tra_dark-fluid KM", ["SE", "IR"], 84, 9000, 2500, 150, ContrastBolusAgent="Dotarem")),
    ("STIR", head(S, "t2_tirm_cor", ["SE", "IR"], 61, 4000, 160, 150, SequenceName="*tir2d1_13")),
    ("proton density", head(S, "pd+t2_tse_tra", "SE", 12, 3500, None, 150)),
    ("T2", head(S, "pd+t2_tse_tra", "SE", 94, 3500, None, 150)),
    ("T2*", head(S, "t2_fl2d_tra_hemo", "GR", 19.9, 620, None, 20)),
    ("susceptibility imaging", head(S, "SWI_Images", "GR", 20, 28, None, 15)),
    ("susceptibility imaging", head(S, "Pha_Images", "GR", 20, 28, None, 15, ["ORIGINAL", "PRIMARY", "P", "ND"])),
    ("projection", head(S, "mIP_Images(SW)", "GR", 20, 28, None, 15, [*MAP, "MNIP", "ND"])),
    ("MP2RAGE inversion image", head(S, "mp2rage_INV1", ["GR", "IR"], 2.98, 5000, 700, 4)),
    ("MP2RAGE inversion image", head(S, "mp2rage_INV2", ["GR", "IR"], 2.98, 5000, 2500, 5)),
    ("T1", head(S, "mp2rage_UNI_Images", ["GR", "IR"], 2.98, 5000, None, 4, [*MAP, "M", "ND", "UNI"])),
    ("quantitative map", head(S, "mp2rage_T1_Images", ["GR", "IR"], 2.98, 5000, None, 4, [*MAP, "T1 MAP", "ND"])),
    ("diffusion", head(S, "ep2d_diff_3scan_trace_p2", "EP", 89, 5200, None, 90, [*FIRST, "DIFFUSION", "NONE"])),
    ("diffusion", head(S, "ep2d_diff_3scan_trace_p2_TRACEW", "EP", 89, 5200, None, 90, [*MAP, "DIFFUSION", "TRACEW"])),
    ("ADC", head(S, "ep2d_diff_3scan_trace_p2_ADC", "EP", 89, 5200, None, 90, [*MAP, "DIFFUSION", "ADC"])),
    ("diffusion", head(S, "ep2d_diff_mddw_20_FA", "EP", 95, 6600, None, 90, [*MAP, "DIFFUSION", "FA"])),
    ("perfusion", head(S, "ep2d_perf", "EP", 30, 1500, None, 90)),
    ("functional imaging", head(S, "ep2d_bold_moco", "EP", 30, 2000, None, 90, [*ORIGINAL, "MOSAIC"])),
    ("echo planar imaging", head(S, "ep2d_tra", "EP", 30, 2000, None, 90)),
    ("localiser", head(S, "localizer", "GR", 3.7, 7.5, None, 20)),
    ("reformat", head(S, "AAHead_Scout_MPR_sag", "GR", 1.5, 3.2, None, 10, [*DERIVED, "MPR"])),
    ("reformat", head(S, "t1_mprage_sag_KM MPR tra", ["GR", "IR"], 2.98, 2300, 900, 9, [*DERIVED, "MPR", "CSA MPR"])),
    ("subtraction", head(S, "t1_mprage SUB", ["GR", "IR"], 2.98, 2300, 900, 9, ["DERIVED", "SECONDARY", "M", "SUB"])),
    ("steady-state gradient echo", head(S, "t2_ci3d_tra CISS", "GR", 2.7, 5.9, None, 70)),
    ("angiography", head(S, "TOF_3D_multi-slab", "GR", 3.4, 21, None, 18, SequenceName="*fl3d1r_t70")),
    ("double inversion recovery", head(S, "t2_spc_DIR_sag", ["SE", "IR"], 325, 7500, 3000, 120)),
    ("another body part", head(S, "t2_tse_sag LWS", "SE", 99, 3500, None, 150)),
    ("another body part", head(S, "t2_tse_sag", "SE", 99, 3500, None, 150, BodyPartExamined="CSPINE")),
    ("T1", head(S, "", "SE", 11, 500, None, 90, ProtocolName="t1_se_tra")),
    # GE: ProtocolName is the whole examination's
    ("T1", head(G, "Ax T1 FLAIR", ["SE", "IR"], 9.5, 2400, 860, 111, OTHER, ProtocolName="BRAIN W+WO CONTRAST")),
    ("T1CE", head(G, "Ax T1 FLAIR +C", ["SE", "IR"], 9.5, 2400, 860, 111, OTHER)),
    ("T1CE", head(G, "SAG BRAVO POST GAD", "GR", 3.2, 8.2, 450, 12, OTHER)),
    ("T1", head(G, "3D FSPGR w/o", "GR", 1.9, 7.4, 400, 12, OTHER, ProtocolName="TUMOR WITH GAD")),
    ("T1CE", head(G, "AX POST GAD", "SE", 12, 600, None, 90, OTHER)),
    ("T1CE", head(G, "+C Sag CUBE T1", "SE", 16, 600, None, 90, OTHER)),
    ("T2", head(G, "Ax T2 FSE PROPELLER", "SE", 102, 5200, None, 142, OTHER)),
    ("T2", head(G, "Sag CUBE T2", "SE", 90, 2500, None, 90, OTHER)),
    ("FLAIR", head(G, "Ax T2 FLAIR", ["SE", "IR"], 140, 9000, 2250, 160, OTHER)),
    ("FLAIR", head(G, "Sag CUBE FLAIR +C", ["SE", "IR"], 120, 6000, 1700, 90, OTHER, ContrastBolusAgent="GADAVIST")),
    ("T2*", head(G, "Ax MERGE", "GR", 16, 700, None, 20, OTHER)),
    ("susceptibility imaging", head(G, "Ax 3D SWAN", "GR", 24, 40, None, 15, OTHER)),
    ("diffusion", head(G, "Ax DWI B1000", ["EP", "SE"], 75, 8000, None, 90, OTHER)),
    ("ADC", head(G, "Apparent Diffusion Coefficient (mm2/s)", ["EP", "SE"], 75, 8000, None, 90, MAP)),
    ("exponential ADC map", head(G, "eADC", ["EP", "SE"], 75, 8000, None, 90, DERIVED)),
    ("exponential ADC map", head(G, "Exponential Apparent Diffusion Coeff", ["EP", "SE"], 75, 8000, None, 90, DERIVED)),
    ("calibration", head(G, "ASSET calibration", "GR", 1.0, 150, None, 50, OTHER)),
    ("localiser", head(G, "3-Plane Loc SSFSE", "SE", 80, 1200, None, 90, OTHER)),
    ("steady-state gradient echo", head(G, "Ax FIESTA-C", "GR", 2.2, 6.0, None, 65, OTHER)),
    ("reformat", head(G, "Reformatted AX BRAVO", "GR", 3.2, 8.2, 450, 12, [*DERIVED, "REFORMATTED", "AVERAGE"])),
    ("screen capture", head(G, "Screen Save", None, kind=[*DERIVED, "SCREEN SAVE"])),
    ("spectroscopy", head(G, "PROBE-P SVS 35", None, 35, 1500, kind=OTHER)),
    # Philips
    ("T1", head(P, "WIP T1W_3D_TFE sans inj", "GR", 3.7, 8.1, None, 8, FFE)),
    ("T1CE", head(P, "T1W_3D_TFE apres injection", "GR", 3.7, 8.1, None, 8, FFE)),
    ("T1CE", head(P, "T1 3D avec gado", "GR", 3.7, 8.1, None, 8)),
    ("T1CE", head(P, "sT1W_3D_TFE CON CONTRASTE", "GR", 3.7, 8.1, None, 8)),
    ("T1", head(P, "T1W_SE SIN CONTRASTE", "SE", 15, 560, None, 69, SPIN)),
    ("T1CE", head(P, "T1 TSE dopo mdc", "SE", 10, 600, None, 90)),
    ("T1", head(P, "T1 TSE senza mdc", "SE", 10, 600, None, 90)),
    ("T2", head(P, "T2W_TSE", "SE", 100, 3000, None, 90, SPIN)),
    ("T2", head(P, "VISTA_T2", "SE", 280, 2500, None, 90)),
    ("FLAIR", head(P, "3D_Brain_VIEW_FLAIR", "IR", 340, 4800, 1650, 90, IR)),
    ("FLAIR", head(P, "", "IR", 386.754, 4800, 1650, None, IR)),
    ("ADC", head(P, "dReg - DWI_ADC", "SE", 77, 3100, None, 90, [*FIRST, "ADC_UNSPECIFIED", "ADC", "UNSPECIFIED"])),
    ("diffusion", head(P, "DWI_b1000", "SE", 77, 3100, None, 90, SPIN, DiffusionBValue=1000.0)),
    ("phase or complex image", head(P, "T1W_IR", ["IR"], 15, 2000, 400, 90, [*FIRST, "PHASE MAP", "P", "IR"])),
    ("localiser", head(P, "Survey SHC", "GR", 4.6, 11, None, 15)),
    ("perfusion", head(P, "DSC perfusion", "GR", 29, 1600, None, 40)),
    ("T1CE", head(P, "T1 cor +Gd", "SE", 15, 560, None, 69, ContrastBolusAgent="")),
    # Canon, Toshiba
    ("T1", head(C, "3D T1 MPRAGE isotropic PRE", ["GR", "IR"], 2.7, 6.2, 900, 9, OTHER)),
    ("T1CE", head(T, "SE T1 AX Gd", "SE", 12, 550, None, 80, OTHER)),
    ("T2", head(T, "FSE T2 AX", "SE", 105, 4500, None, 90, OTHER)),
    ("FLAIR", head(C, "3D FLAIR MPV", ["SE", "IR"], 300, 6000, 1900, 90, OTHER)),
    ("FLAIR", head(T, "AX", ["SE", "IR"], 105, 10000, 2700, 90, OTHER)),
    ("ADC", head(C, "ADC", "EP", 80, 6000, None, 90, ["DERIVED", "SECONDARY", "ADC"])),
    ("susceptibility imaging", head(T, "FSBB", "GR", 40, 50, None, 20, OTHER)),
    ("T1CE", head(C, "T1 造影後", "SE", 12, 550, None, 80, OTHER, SpecificCharacterSet="ISO_IR 192")),
    # Hitachi
    ("proton density", head(H, "", "SE", 12, 4000, None, 90, OTHER)),
    ("T2", head(H, "FSE T2WI TRS", "SE", 100, 4000, None, 90, OTHER)),
    ("FLAIR", head(H, "FLAIR TRS", ["SE", "IR"], 100, 9000, 2200, 90, OTHER)),
    ("T1", head(H, "T1WI pre", "SE", 12, 450, None, 90, OTHER)),
    ("T1CE", head(H, "T1WI CE", "SE", 12, 450, None, 90, OTHER)),
    # any
    ("subtraction", head(G, "SUBTRACTION POST - PRE", "SE", 12, 600, None, 90, [*DERIVED, "SUBTRACT"])),
    ("another modality", head(S, "Brain", kind=["ORIGINAL", "PRIMARY", "AXIAL"], Modality="CT")),
    ("no image", head(S, "", SOPClassUID="1.2.840.10008.5.1.4.1.1.4.2")),
    ("unknown", head(S, "", None, kind=["ORIGINAL", "PRIMARY"])),
    ("T1", head(S, "sub-01_T1w pre", ["GR", "IR"], 2.98, 2300, 900, 9)),
    ("T1CE", head(S, "T1 posterior fossa with contrast", "SE", 11, 500, None, 90)),
    ("T2", head(S, "T2 brain and cervical junction", "SE", 99, 3500, None, 150)),
]  # fmt: skip


@pytest.fixture
def series_of(factory, tmp_path):
    import numpy as np

    def make(headers: dict) -> DicomSeries:
        common = factory.new_study() | {"SeriesInstanceUID": "1.2.3", "MRAcquisitionType": "2D"}
        dataset = factory.plane(np.zeros((2, 2), np.uint16), (0, 0, 0), **(common | headers))
        header = read_header(factory.save(dataset, tmp_path / "one.dcm"))
        return DicomSeries("1.2.3", 1, "series 1", header.frames)

    return make


@pytest.mark.parametrize(("expected", "headers"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
def test_series_is_told_for_what_it_is(expected, headers, series_of):
    finding = weigh(series_of(headers))
    assert finding.kind == expected, finding
    assert 0 < finding.confidence <= 1


@pytest.mark.parametrize(("expected", "headers"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
def test_no_description_is_quoted(expected, headers, series_of):
    description = "zebra " + headers["SeriesDescription"] + " Meyer"
    decision = identify(series_of(headers | {"SeriesDescription": description, "ProtocolName": "giraffe"}))
    assert not any(word in repr(decision).lower() for word in ("zebra", "meyer", "giraffe"))


def test_unknown_contrast_is_said_with_low_confidence(series_of):
    finding = weigh(series_of(head(S, "t1_se_tra", "SE", 11, 500, None, 90)))
    assert (finding.kind, finding.contrast_known) == ("T1", False)
    assert finding.confidence <= 0.5


def test_reason_gives_the_physical_evidence(series_of):
    decision = identify(series_of(head(T, "AX", ["SE", "IR"], 105, 10000, 2700, 90, OTHER)))
    assert "TE 105 ms" in decision.reason
    assert "TI 2700 ms" in decision.reason
    assert not decision.used


def test_free_text_hides_from_reprs(series_of):
    assert "zebra" not in repr(series_of(head(S, "zebra", "SE", 11, 500, None, 90)).evidence)


def test_a_dynamic_series_is_none_of_ours(series_of):
    from dataclasses import replace

    one = series_of(head(S, "t1_fl2d", "GR", 2, 200, None, 70))
    assert weigh(replace(one, repeats=40)).kind == "dynamic series"


@pytest.mark.parametrize("silent", ["SeriesDescription", "EchoTime", "ScanningSequence"])
def test_one_missing_attribute_does_not_change_the_answer(silent, series_of):
    for expected, headers in (("FLAIR", ROWS[11][1]), ("T2", ROWS[8][1])):
        assert weigh(series_of(headers | {silent: None})).kind == expected
