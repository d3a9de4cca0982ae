package io.sparknorm.spark.cluster;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;

/** The same traps for those who rename through {@code FileContext}. */
public final class TrapFs extends DelegateToFileSystem {
  public TrapFs(URI uri, Configuration settings) throws IOException, URISyntaxException {
    super(uri, initialized(settings), settings, TrapFileSystem.SCHEME, false);
  }

  private static TrapFileSystem initialized(Configuration settings) throws IOException {
    TrapFileSystem files = new TrapFileSystem();
    files.initialize(URI.create(TrapFileSystem.SCHEME + ":///"), settings);
    return files;
  }

  @Override
  public int getUriDefaultPort() {
    return -1;
  }
}
