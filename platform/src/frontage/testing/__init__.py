"""What the tests of the platform and of plugins share: databases of their own, and rules every plugin keeps."""
