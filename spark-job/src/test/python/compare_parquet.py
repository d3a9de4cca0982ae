"""Compares two Parquet files with PyArrow: the values bit by bit, the metadata field by field.

Usage: python compare_parquet.py OURS SPARKS

Prints each metadata field that differs and why it may. Leaves with status 1 if a value differs, or
a field for which no difference is known.
"""

import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

PAGES = "pages and runs of levels end elsewhere, so that some bytes more or less are written"
NAN = "the format forbids NaN as minimum and maximum"
ZERO = "the format asks for -0.0 as a minimum of zero and for +0.0 as a maximum"
EXPLAINED = {
    "serialized_size": PAGES,
    "total_byte_size": PAGES,
    "file_offset": PAGES,
    "data_page_offset": PAGES,
    "dictionary_page_offset": PAGES,
    "total_compressed_size": PAGES,
    "total_uncompressed_size": PAGES,
}
SIZE_TOLERANCE = 0.02
FEW_BYTES = 100


def bits(array):
    """Arrays that are equal only if the given ones are to the last bit: no NaN, no zeros alike."""
    if pa.types.is_float32(array.type):
        return array.view(pa.int32())
    if pa.types.is_float64(array.type):
        return array.view(pa.int64())
    return array


def same_values(ours, theirs):
    if ours.type != theirs.type or not pc.is_valid(ours).equals(pc.is_valid(theirs)):
        return False
    if pa.types.is_list(ours.type):
        lengths = pc.list_value_length(ours).equals(pc.list_value_length(theirs))
        return lengths and same_values(ours.flatten(), theirs.flatten())
    if pa.types.is_struct(ours.type):
        return all(same_values(*pair) for pair in zip(ours.flatten(), theirs.flatten()))
    return bits(ours).equals(bits(theirs))


def column(table, name):
    return pa.concat_arrays(table.column(name).chunks)


def statistics_reason(ours, theirs):
    if ours is None or theirs is None or ours.null_count != theirs.null_count:
        return None
    if not ours.has_min_max:
        return NAN if theirs.has_min_max and theirs.max != theirs.max else None
    if theirs.has_min_max and (ours.min, ours.max) == (theirs.min, theirs.max):
        return ZERO
    return None


def reason(field, ours, theirs):
    if field == "statistics":
        return statistics_reason(ours, theirs)
    if field.startswith("total") and abs(ours - theirs) > max(FEW_BYTES, SIZE_TOLERANCE * theirs):
        return None
    return EXPLAINED.get(field)


def text(value):
    return str(value.to_dict() if isinstance(value, pq.Statistics) else value)


FILE = (
    "created_by num_columns num_rows num_row_groups format_version serialized_size metadata"
).split()
ROW_GROUP = "num_columns num_rows total_byte_size sorting_columns".split()
CHUNK = (
    "path_in_schema physical_type num_values is_stats_set statistics geo_statistics compression"
    " encodings has_dictionary_page dictionary_page_offset data_page_offset file_offset file_path"
    " total_compressed_size total_uncompressed_size has_offset_index has_column_index"
).split()


def levels(ours, theirs):
    """All pairs of metadata to compare, with their names and their fields."""
    yield "file", ours, theirs, FILE
    for g in range(min(ours.num_row_groups, theirs.num_row_groups)):
        pair = ours.row_group(g), theirs.row_group(g)
        yield f"row group {g}", *pair, ROW_GROUP
        for c in range(ours.num_columns):
            chunks = [group.column(c) for group in pair]
            yield f"row group {g}, {chunks[0].path_in_schema}", *chunks, CHUNK


def compare_metadata(ours, theirs):
    unexplained = [] if ours.schema.equals(theirs.schema) else ["file: schema"]
    for where, our, their, fields in levels(ours, theirs):
        for field in fields:
            pair = [getattr(metadata, field, None) for metadata in (our, their)]
            # Sets of encodings, in whatever order.
            if field == "encodings":
                pair = [sorted(encodings) for encodings in pair]
            if text(pair[0]) == text(pair[1]):
                continue
            why = reason(field, *pair)
            print(f"{where}: {field}: {text(pair[0])} for {text(pair[1])} ({why or 'UNEXPLAINED'})")
            if why is None:
                unexplained.append(f"{where}: {field}")
    return unexplained


def main(ours, theirs):
    unexplained = compare_metadata(pq.read_metadata(ours), pq.read_metadata(theirs))
    tables = pq.ParquetFile(ours).read(), pq.ParquetFile(theirs).read()
    for name in tables[1].column_names:
        if not same_values(*(column(table, name) for table in tables)):
            unexplained.append(f"values of {name}")
    for each in unexplained:
        print("DIFFERS", each)
    print(f"{tables[0].num_rows} records, {len(unexplained)} unexplained differences")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
