/// All controllers of the pages.
func pageControllers(
    of container: ServiceContainer, renderer: PageRenderer, configuration: ServerConfiguration
) -> [any Controller] {
    [
        SignInController(accounts: container.accounts, renderer: renderer, isSecure: configuration.isSecure),
        AssetController(resources: renderer.resources),
        UploadController(container: container, renderer: renderer),
        AnalysisPageController(container: container, renderer: renderer),
        PatientPageController(container: container, renderer: renderer),
        ReviewPageController(container: container, renderer: renderer),
        EngineerPageController(container: container, renderer: renderer),
        AdminPageController(accounts: container.accounts, renderer: renderer),
        AuditPageController(container: container, renderer: renderer),
        ErrorPageController(renderer: renderer),
    ]
}
