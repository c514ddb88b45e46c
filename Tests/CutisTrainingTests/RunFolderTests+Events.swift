extension RunFolderTests {
    /// A version and a scalar at step 300.
    static let firstFile =
        "18 0 0 0 0 0 0 0 a3 7f 4b 22 9 0 0 20 40 fc 54 d9 41 1a d 62 72 61 69 6e 2e 45 76 65 6e 74 3a "
        + "32 2b 35 31 10 21 0 0 0 0 0 0 0 1 7b ec f6 9 0 0 20 40 fc 54 d9 41 10 ac 2 2a 13 a 11 a a 6c 6f "
        + "73 73 2f 74 72 61 69 6e 15 0 0 20 3f 43 48 4a c5"

    /// A version and the start of a session at step 301.
    static let secondFile =
        "18 0 0 0 0 0 0 0 a3 7f 4b 22 9 0 0 20 40 fc 54 d9 41 1a d 62 72 61 69 6e 2e 45 76 65 6e 74 3a "
        + "32 2b 35 31 10 10 0 0 0 0 0 0 0 95 fb fe 18 9 0 0 20 40 fc 54 d9 41 10 ad 2 3a 2 8 1 59 6f 3f "
        + "79"
}
