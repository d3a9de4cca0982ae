package io.sparknorm.spark;

/** What Spark sees of a folder, by the names in it. */
public final class Visibility {
  private Visibility() {}

  /** Whether Spark sees an entry of a folder: also the partitions by a column such as _day. */
  public static boolean isVisible(String name) {
    return !name.startsWith(".") && (!name.startsWith("_") || name.contains("="));
  }

  /** A name for what belongs to something of this name and is not to be seen beside it. */
  public static String hidden(String name) {
    String usual = "_" + name;
    return isVisible(usual) ? "." + name : usual;
  }
}
