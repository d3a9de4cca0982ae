package io.sparknorm.spark.app;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import scala.Tuple2;

/** Hadoop's configuration as a session would have it, for what is done without one. */
final class HadoopSettings {
  private HadoopSettings() {}

  static Configuration of(SparkConf settings) {
    Configuration hadoop = new Configuration();
    for (Tuple2<String, String> setting : settings.getAllWithPrefix("spark.hadoop.")) {
      hadoop.set(setting._1(), setting._2());
    }

    return hadoop;
  }
}
