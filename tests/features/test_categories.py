"""Categories: words become codes, what is not known stays missing."""

import numpy as np
import pandas as pd

from features.profile import codes_of, vocabulary_of


def test_a_vocabulary_holds_each_columns_words_in_order_without_empty_columns():
    profile = pd.DataFrame(
        {"tier": ["B", "A", None, "B"], "region": pd.Series([None] * 4, dtype="str"), "segment": ["x"] * 4}
    )
    assert vocabulary_of(profile) == {"tier": ("A", "B"), "segment": ("x",)}


def test_a_code_is_the_place_of_the_word_and_nan_where_it_is_missing_or_unknown():
    profile = pd.DataFrame({"tier": ["B", "A", None, "Z"], "ignored": ["x"] * 4})
    codes = codes_of(profile, {"tier": ("A", "B"), "absent": ("y",)})
    np.testing.assert_array_equal(codes, [[1, np.nan], [0, np.nan], [np.nan, np.nan], [np.nan, np.nan]])


def test_no_rows_and_no_columns_give_empty_codes():
    assert codes_of(pd.DataFrame({"tier": pd.Series([], dtype="str")}), {"tier": ("A",)}).shape == (0, 1)
    assert codes_of(pd.DataFrame(index=range(3)), {}).shape == (3, 0)
