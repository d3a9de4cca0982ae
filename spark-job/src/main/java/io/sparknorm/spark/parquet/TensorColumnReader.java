package io.sparknorm.spark.parquet;

import java.io.IOException;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.spark.sql.types.ArrayType;

/** Reads one tensor column of a file, so many rows at a time. */
final class TensorColumnReader {
  private final TensorColumn column;
  private final PageBuffers buffers;
  private final PageBuffers.Buffer dictionaryBuffer = new PageBuffers.Buffer();
  private final PageBuffers.Buffer pageBuffer = new PageBuffers.Buffer();
  private final TensorVector vector;
  private PageReader pages;
  private TensorPage page;

  TensorColumnReader(TensorColumn column, ArrayType type, PageBuffers buffers) {
    this.column = column;
    this.buffers = buffers;
    this.vector = new TensorVector(type, ElementVector.of(column.elementType()));
  }

  TensorVector vector() {
    return vector;
  }

  void startRowGroup(PageReadStore rowGroup) throws IOException {
    if (page != null && !page.isExhausted()) {
      throw column.damaged("its pages have more rows than their row group");
    }
    page = new TensorPage(column);
    pages = rowGroup.getPageReader(column.leaf());
    buffers.use(dictionaryBuffer);
    DictionaryPage dictionary = pages.readDictionaryPage();
    if (dictionary != null) {
      page.setDictionary(dictionary.getBytes().toByteBuffer());
    }
  }

  /** Replaces the vector's rows by the next ones of the row group. */
  void read(int count) throws IOException {
    vector.clear(count);
    while (vector.rows() < count && findRows()) {
      page.readRows(count - vector.rows(), vector);
    }
    if (vector.rows() == count) {
      findRows();
    } else {
      throw column.damaged("its pages end before their row group");
    }
    vector.endRows();
  }

  /**
   * Goes on to the next page that starts a row, with the last row's elements on the way.
   *
   * @return false if there is none
   */
  private boolean findRows() throws IOException {
    while (page.isExhausted()) {
      buffers.use(pageBuffer);
      DataPage next = pages.readPage();
      if (next == null) {
        return false;
      }
      page.load(next);
      page.continueRow(vector);
    }
    return true;
  }
}
