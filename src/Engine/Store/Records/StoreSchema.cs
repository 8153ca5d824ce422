namespace LayerImage.Engine.Store;

/// <summary>The tables. Digests are text, times are milliseconds since 1970 (UTC), sizes are bytes.</summary>
internal static class StoreSchema
{
    /// <summary>What makes each version of the tables from the one before; the first makes them from nothing.</summary>
    public static IReadOnlyList<string> Steps { get; } = [First, Second, Third, UnionMounts, OwnLayers, RunFolders, Keepers];

    private const string First = """
        CREATE TABLE blob (            -- bytes in content/blobs, exactly as received
            digest   TEXT PRIMARY KEY,
            size     INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE layer (           -- an unpacked layer: the directory layers/<key>
            key      TEXT PRIMARY KEY, -- its DiffID's hex; its ChainID's when it takes parents from below
            diff_id  TEXT NOT NULL,
            content  INTEGER NOT NULL, -- bytes of file content
            tar_size INTEGER NOT NULL,
            entries  INTEGER NOT NULL,
            has_root INTEGER NOT NULL, -- whether the tar describes the root directory
            has_implied INTEGER NOT NULL, -- whether it takes directories' attributes from below
            writer   INTEGER           -- the tar writer's version when the layer has no blob (committed here)
        ) WITHOUT ROWID;
        CREATE INDEX layer_diff_id ON layer(diff_id);

        CREATE TABLE image (
            id         TEXT PRIMARY KEY, -- the configuration's digest; the configuration is a blob
            manifest   TEXT,             -- the manifest's digest, a blob; null for an image committed here
            platform   TEXT NOT NULL,
            created    INTEGER,          -- what the configuration says
            stored     INTEGER NOT NULL  -- when it came into this store
        ) WITHOUT ROWID;

        CREATE TABLE image_layer (
            image      TEXT NOT NULL REFERENCES image(id) ON DELETE CASCADE,
            position   INTEGER NOT NULL, -- 0 is the base
            diff_id    TEXT NOT NULL,
            layer      TEXT REFERENCES layer(key), -- null until it is unpacked
            blob       TEXT,             -- the compressed layer; null for one committed here
            blob_size  INTEGER,
            media_type TEXT,
            PRIMARY KEY (image, position)
        ) WITHOUT ROWID;
        CREATE INDEX image_layer_layer ON image_layer(layer);

        CREATE TABLE tag (
            name    TEXT PRIMARY KEY,  -- canonical: docker.io/library/tomcat:latest
            image   TEXT NOT NULL REFERENCES image(id) ON DELETE CASCADE,
            updated INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX tag_image ON tag(image);

        CREATE TABLE repo_digest (
            name    TEXT PRIMARY KEY,  -- canonical: docker.io/library/tomcat@sha256:…
            image   TEXT NOT NULL REFERENCES image(id) ON DELETE CASCADE
        ) WITHOUT ROWID;

        CREATE TABLE container (
            id         TEXT PRIMARY KEY,
            name       TEXT NOT NULL UNIQUE COLLATE NOCASE,
            image      TEXT NOT NULL,    -- the image's id; the image may be gone
            created    INTEGER NOT NULL,
            spec       TEXT NOT NULL,    -- ContainerSpec as JSON
            address    TEXT UNIQUE,      -- in the container network
            state      TEXT NOT NULL,
            boot_id    TEXT,             -- the boot in which pid means something
            pid        INTEGER,
            pid_start  INTEGER,
            started    INTEGER,
            finished   INTEGER,
            exit_code  INTEGER,
            error      TEXT
        ) WITHOUT ROWID;

        CREATE TABLE container_layer (
            container  TEXT NOT NULL REFERENCES container(id) ON DELETE CASCADE,
            position   INTEGER NOT NULL, -- 0 is the base
            layer      TEXT NOT NULL REFERENCES layer(key),
            PRIMARY KEY (container, position)
        ) WITHOUT ROWID;
        CREATE INDEX container_layer_layer ON container_layer(layer);
        """;

    private const string Second = """
        CREATE TABLE layer_blob (      -- which blobs unpack to a layer: one for each way it was packed in
            diff_id    TEXT NOT NULL,
            blob       TEXT NOT NULL,
            size       INTEGER NOT NULL,
            media_type TEXT NOT NULL,
            PRIMARY KEY (diff_id, blob)
        ) WITHOUT ROWID;
        CREATE INDEX layer_blob_blob ON layer_blob(blob);
        CREATE INDEX image_layer_diff_id ON image_layer(diff_id);
        CREATE INDEX image_layer_blob ON image_layer(blob);
        INSERT OR IGNORE INTO layer_blob SELECT diff_id, blob, blob_size, media_type FROM image_layer WHERE blob IS NOT NULL;
        """;

    private const string Third = """
        ALTER TABLE image ADD COLUMN used INTEGER; -- when a container was last made of it, to the hour
        CREATE INDEX image_manifest ON image(manifest);
        CREATE INDEX repo_digest_image ON repo_digest(image);
        CREATE INDEX repo_digest_digest ON repo_digest(substr(name, instr(name, '@') + 1));
        """;

    private const string UnionMounts = """
        CREATE TABLE mount (           -- a union at a path of the user's, or the changes kept of one
            id         TEXT PRIMARY KEY, -- its folder under mounts/
            path       TEXT NOT NULL,
            image      TEXT,             -- the image's id; the image may be gone
            reference  TEXT,             -- what it was called
            boot_id    TEXT NOT NULL,    -- the boot and the mount namespace that it is in
            namespace  TEXT NOT NULL,
            lower      TEXT NOT NULL,    -- JSON, the top one first
            upper      TEXT,             -- null: read-only
            work       TEXT,
            made       INTEGER NOT NULL, -- what was made for it: 1 the path, 2 the work folder, 4 the upper folder in mounts/, 8 an empty top folder there
            since      INTEGER NOT NULL, -- when it was mounted
            mounted    INTEGER NOT NULL  -- 0: only its changes are kept
        ) WITHOUT ROWID;

        CREATE TABLE mount_layer (     -- layers that a mount needs
            mount      TEXT NOT NULL REFERENCES mount(id) ON DELETE CASCADE,
            layer      TEXT NOT NULL REFERENCES layer(key),
            PRIMARY KEY (mount, layer)
        ) WITHOUT ROWID;
        CREATE INDEX mount_layer_layer ON mount_layer(layer);
        """;

    private const string OwnLayers = """
        ALTER TABLE container_layer ADD COLUMN history TEXT; -- of a layer that was the container's upper directory: the history entry that its commit gave it
        """;

    private const string RunFolders = """
        ALTER TABLE container ADD COLUMN run TEXT; -- the run folder that it was started with last; null: from before this column, the session's
        """;

    private const string Keepers = """
        ALTER TABLE container ADD COLUMN keeper TEXT; -- the process that stops it to start it again: while that lives, it does not remove itself
        """;
}
